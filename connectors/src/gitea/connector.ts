import { defineConnector, sourceControlActions, sourceControlDiscovery, testBySteps } from '@inthub/connector-sdk';
import { connectionSteps } from '../_families/gitea/checks.ts';
import { commentActions } from '../_families/gitea/comments.ts';
import { requiredScopes, sourceControlHandlers } from '../_families/gitea/handlers.ts';
import { checks, remedies } from './checks.ts';
import { manifest } from './manifest.ts';
import { product } from './product.ts';
import { giteaEvents } from './webhooks.ts';

const sourceControl = sourceControlHandlers(product);

export const gitea = defineConnector({
  manifest,
  actions: [...sourceControlActions(sourceControl, { requiredScopes }), ...commentActions(product)],
  testConnection: (ctx) => testBySteps({ product: product.name, remedies, steps: connectionSteps }, ctx),
  discover: sourceControlDiscovery(sourceControl),
  checks,
  webhooks: [giteaEvents],
});
