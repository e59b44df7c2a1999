import {
  defineConnector,
  type ModelProviderHandlers,
  modelProviderActions,
  modelProviderDiscovery,
  testBySteps,
} from '@inthub/connector-sdk';
import { openAiHandlers } from '../_families/openai-compatible/handlers.ts';
import { checks, connectionSteps } from './checks.ts';
import { manifest } from './manifest.ts';
import { product, remedies } from './product.ts';
import { countTokens } from './token-count.ts';

const handlers: ModelProviderHandlers = { ...openAiHandlers(product), 'tokens.count': countTokens };
const use = ['model.request'];
const read = ['model.read'];

export const openai = defineConnector({
  manifest,
  actions: modelProviderActions(handlers, {
    provider: manifest.id,
    requiredScopes: {
      'model.list': read,
      'model.capabilities': read,
      'chat.complete': use,
      'chat.stream': use,
      'embedding.create': use,
      'tokens.count': use,
      'availability.check': read,
    },
  }),
  discover: modelProviderDiscovery(handlers),
  testConnection: (ctx) => testBySteps({ product: product.name, remedies, steps: connectionSteps }, ctx),
  checks,
});
