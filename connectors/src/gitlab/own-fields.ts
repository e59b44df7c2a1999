/** Fields of the actions that only GitLab has; the repository's are those of the category. */
import { sourceControlActionSpecs } from '@inthub/connector-sdk';
import Type from 'typebox';

const { owner, repo } = sourceControlActionSpecs['repo.get'].input.properties;
export const repositoryFields = { owner, repo };
const { cursor, limit } = sourceControlActionSpecs['branch.list'].input.properties;
export const pageFields = { cursor, limit };
export const commentOutput = sourceControlActionSpecs['pr.comment'].output;

/** GitLab's ids are numbers below 2^53; they travel as text because other products' are not. */
export const commentIdField = Type.String({ pattern: '^[1-9]\\d{0,14}$', title: 'Comment' });

/** docs.gitlab.com/user/profile/personal_access_tokens, "Personal access token scopes". */
export const scopes = { read: ['read_api'], write: ['api'] } as const satisfies Record<string, readonly string[]>;
