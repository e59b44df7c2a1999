import type { SourceControlHandlers } from '@inthub/connector-sdk';
import { contentHandlers } from './contents.ts';
import { hookHandlers } from './hooks.ts';
import { issueHandlers } from './issues.ts';
import type { GiteaProduct } from './product.ts';
import { pullRequestHandlers } from './pull-requests.ts';
import { repositoryHandlers } from './repositories.ts';
import { scopes } from './scopes.ts';
import { statusHandlers } from './statuses.ts';

/** Every standard action that the API serves; it has no search of code. */
export function sourceControlHandlers(product: GiteaProduct): SourceControlHandlers {
  return {
    ...repositoryHandlers,
    ...contentHandlers,
    ...pullRequestHandlers(product),
    ...issueHandlers,
    ...statusHandlers,
    ...hookHandlers(product),
  };
}

/** Scopes by action. Pull requests are of the repository's scope, comments and issues of the issues'. */
export const requiredScopes = {
  'repo.list': scopes.readRepository,
  'repo.get': scopes.readRepository,
  'repo.clone': scopes.readRepository,
  'branch.list': scopes.readRepository,
  'tag.list': scopes.readRepository,
  'commit.list': scopes.readRepository,
  'commit.get': scopes.readRepository,
  'file.get': scopes.readRepository,
  'tree.get': scopes.readRepository,
  'pr.list': scopes.readRepository,
  'pr.get': scopes.readRepository,
  'pr.create': scopes.writeRepository,
  'pr.review': scopes.writeRepository,
  'pr.comment': [...scopes.writeIssue, ...scopes.writeRepository],
  'pr.merge': scopes.writeRepository,
  'issue.list': scopes.readIssue,
  'issue.create': scopes.writeIssue,
  'issue.update': scopes.writeIssue,
  'search.issues': scopes.readIssue,
  'status.create': scopes.writeRepository,
  'webhook.register': scopes.writeRepository,
  'webhook.remove': scopes.writeRepository,
} as const;
