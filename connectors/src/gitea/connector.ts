import {
  type CiHandlers,
  ciActions,
  ciDiscovery,
  defineConnector,
  sourceControlActions,
  sourceControlDiscovery,
  testBySteps,
} from '@inthub/connector-sdk';
import { connectionSteps } from '../_families/gitea/checks.ts';
import { commentActions } from '../_families/gitea/comments.ts';
import { requiredScopes, sourceControlHandlers } from '../_families/gitea/handlers.ts';
import { scopes } from '../_families/gitea/scopes.ts';
import { checks, remedies } from './checks.ts';
import { manifest } from './manifest.ts';
import { product } from './product.ts';
import { runFileHandlers } from './run-files.ts';
import { giteaEvents } from './webhooks.ts';
import { runHandlers } from './workflow-runs.ts';

const sourceControl = sourceControlHandlers(product);
const ci: CiHandlers = { ...runHandlers, ...runFileHandlers };
const ciScopes = {
  'workflow.list': scopes.readRepository,
  'run.list': scopes.readRepository,
  'run.get': scopes.readRepository,
  'run.trigger': scopes.writeRepository,
  'job.list': scopes.readRepository,
  'job.log': scopes.readRepository,
  'artifact.list': scopes.readRepository,
  'artifact.get': scopes.readRepository,
};

export const gitea = defineConnector({
  manifest,
  actions: [
    ...sourceControlActions(sourceControl, { requiredScopes }),
    ...ciActions(ci, {
      requiredScopes: ciScopes,
      capabilities: { 'run.list': 'actions.list', 'run.trigger': 'actions.trigger', 'run.get': 'actions.status' },
    }),
    ...commentActions(product),
  ],
  testConnection: (ctx) => testBySteps({ product: product.name, remedies, steps: connectionSteps }, ctx),
  discover: { ...sourceControlDiscovery(sourceControl), ...ciDiscovery(ci) },
  checks,
  webhooks: [giteaEvents],
});
