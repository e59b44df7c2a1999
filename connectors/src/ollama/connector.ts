import { defineConnector, modelProviderActions, modelProviderDiscovery, testBySteps } from '@inthub/connector-sdk';
import { checks, connectionSteps, product, remedies } from './checks.ts';
import { handlers } from './handlers.ts';
import { manifest } from './manifest.ts';

export const ollama = defineConnector({
  manifest,
  actions: modelProviderActions(handlers, { provider: manifest.id }),
  discover: modelProviderDiscovery(handlers),
  testConnection: (ctx) => testBySteps({ product, remedies, steps: connectionSteps }, ctx),
  checks,
});
