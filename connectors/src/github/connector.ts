import {
  type CiHandlers,
  ciActions,
  ciDiscovery,
  defineConnector,
  type SourceControlHandlers,
  sourceControlActions,
  sourceControlDiscovery,
  testBySteps,
} from '@inthub/connector-sdk';
import { checkRunActions } from './check-runs.ts';
import { checks, connectionSteps, remedies } from './checks.ts';
import { commentActions } from './comments.ts';
import { contentHandlers } from './contents.ts';
import { hookHandlers } from './hooks.ts';
import { issueHandlers } from './issues.ts';
import { manifest } from './manifest.ts';
import { scopes } from './own-fields.ts';
import { pullRequestHandlers } from './pull-requests.ts';
import { repositoryHandlers } from './repositories.ts';
import { runFileHandlers } from './run-files.ts';
import { searchHandlers } from './search.ts';
import { statusHandlers } from './statuses.ts';
import { githubEvents } from './webhooks.ts';
import { runHandlers } from './workflow-runs.ts';

const sourceControl: SourceControlHandlers = {
  ...repositoryHandlers,
  ...contentHandlers,
  ...pullRequestHandlers,
  ...issueHandlers,
  ...searchHandlers,
  ...statusHandlers,
  ...hookHandlers,
};
const ci: CiHandlers = { ...runHandlers, ...runFileHandlers };

const scopeOf = { 'status.create': scopes.status, 'webhook.register': scopes.hook, 'webhook.remove': scopes.hook };

export const github = defineConnector({
  manifest,
  actions: [
    ...sourceControlActions(sourceControl, {
      requiredScopes: { ...everyOf(sourceControl, scopes.read), ...scopeOf },
      // docs.github.com/rest/rate-limit: code search and the other searches have windows of their own.
      limitBuckets: { 'search.code': 'code_search', 'search.issues': 'search' },
    }),
    ...ciActions(ci, {
      requiredScopes: everyOf(ci, scopes.workflow),
      capabilities: { 'run.list': 'actions.list', 'run.trigger': 'actions.trigger', 'run.get': 'actions.status' },
    }),
    ...checkRunActions,
    ...commentActions,
  ],
  testConnection: (ctx) => testBySteps({ product: 'GitHub', remedies, steps: connectionSteps }, ctx),
  discover: { ...sourceControlDiscovery(sourceControl), ...ciDiscovery(ci) },
  checks,
  webhooks: [githubEvents],
});

function everyOf<Handlers extends object>(handlers: Handlers, needed: readonly string[]) {
  return Object.fromEntries(Object.keys(handlers).map((id) => [id, needed])) as Record<
    keyof Handlers,
    readonly string[]
  >;
}
