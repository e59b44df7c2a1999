import {
  type CiHandlers,
  ciActionSpecs,
  ciActions,
  ciDiscovery,
  defineConnector,
  type SourceControlHandlers,
  sourceControlActionSpecs,
  sourceControlActions,
  sourceControlDiscovery,
  testBySteps,
} from '@inthub/connector-sdk';
import { checks, connectionSteps, remedies } from './checks.ts';
import { commentActions } from './comments.ts';
import { contentHandlers } from './contents.ts';
import { hookHandlers } from './hooks.ts';
import { issueHandlers } from './issues.ts';
import { jobFileHandlers } from './job-files.ts';
import { manifest } from './manifest.ts';
import { mergeRequestHandlers } from './merge-requests.ts';
import { scopes } from './own-fields.ts';
import { runHandlers } from './pipelines.ts';
import { repositoryHandlers } from './repositories.ts';
import { searchHandlers } from './search.ts';
import { statusHandlers } from './statuses.ts';
import { gitlabEvents } from './webhooks.ts';

const sourceControl: SourceControlHandlers = {
  ...repositoryHandlers,
  ...contentHandlers,
  ...mergeRequestHandlers,
  ...issueHandlers,
  ...searchHandlers,
  ...statusHandlers,
  ...hookHandlers,
};
const ci: CiHandlers = { ...runHandlers, ...jobFileHandlers };

export const gitlab = defineConnector({
  manifest,
  actions: [
    ...sourceControlActions(sourceControl, { requiredScopes: scopesOf(sourceControl, sourceControlActionSpecs) }),
    ...ciActions(ci, {
      requiredScopes: scopesOf(ci, ciActionSpecs),
      capabilities: { 'run.list': 'actions.list', 'run.trigger': 'actions.trigger', 'run.get': 'actions.status' },
    }),
    ...commentActions,
  ],
  testConnection: (ctx) => testBySteps({ product: 'GitLab', remedies, steps: connectionSteps }, ctx),
  discover: { ...sourceControlDiscovery(sourceControl), ...ciDiscovery(ci) },
  checks,
  webhooks: [gitlabEvents],
});

/** What only reads needs read_api, the rest api. */
function scopesOf<Handlers extends object>(
  handlers: Handlers,
  specs: Readonly<Record<string, { readonly safe: boolean }>>,
) {
  const needed = (id: string): readonly string[] =>
    specs[id]?.safe === true || id === 'repo.clone' ? scopes.read : scopes.write;
  return Object.fromEntries(Object.keys(handlers).map((id) => [id, needed(id)])) as Record<
    keyof Handlers,
    readonly string[]
  >;
}
