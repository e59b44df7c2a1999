/** Fields of the actions that only GitHub has; the repository's are those of the category. */
import { sourceControlActionSpecs } from '@inthub/connector-sdk';
import Type from 'typebox';

const { owner, repo } = sourceControlActionSpecs['repo.get'].input.properties;
export const repositoryFields = { owner, repo };
const { cursor, limit } = sourceControlActionSpecs['branch.list'].input.properties;
export const pageFields = { cursor, limit };
export const commentOutput = sourceControlActionSpecs['pr.comment'].output;

/** GitHub's ids are numbers below 2^53; they travel as text because other products' are not. */
const idPattern = '^[1-9]\\d{0,14}$';
export const commentIdField = Type.String({ pattern: idPattern, title: 'Comment' });
export const checkRunIdField = Type.String({ pattern: idPattern, title: 'Check run' });

/** Scopes of classic tokens that serve; the README names the permissions of fine-grained tokens and Apps that say the same. */
export const scopes = {
  read: ['repo'],
  write: ['repo'],
  discuss: ['repo'],
  status: ['repo:status'],
  workflow: ['repo'],
  hook: ['admin:repo_hook'],
  checks: ['checks:write'],
} as const satisfies Record<string, readonly string[]>;
