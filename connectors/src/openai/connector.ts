import {
  defineConnector,
  type ModelProviderHandlers,
  modelProviderActions,
  modelProviderDiscovery,
  remedyCheck,
  testBySteps,
} from '@inthub/connector-sdk';
import { listModels, openAiHandlers } from '../_families/openai-compatible/handlers.ts';
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
  testConnection: (ctx) =>
    testBySteps(
      {
        product: product.name,
        remedies,
        steps: [
          {
            name: 'models',
            run: async () => ({ apiVersion: 'v1', models: (await listModels(product, ctx)).length }),
          },
        ],
      },
      ctx,
    ),
  checks: [
    remedyCheck({
      id: 'openai.reachable',
      title: 'OpenAI answers and accepts the key',
      product: product.name,
      remedies,
      probe: async (ctx) => {
        const models = await listModels(product, ctx);
        return { status: 'pass', message: `OpenAI answers; the key may use ${models.length} models.` };
      },
    }),
  ],
});
