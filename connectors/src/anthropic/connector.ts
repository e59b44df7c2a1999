import {
  defineConnector,
  modelProviderActions,
  modelProviderDiscovery,
  type Remedies,
  remedyCheck,
  testBySteps,
} from '@inthub/connector-sdk';
import { handlers, listModels } from './handlers.ts';
import { manifest } from './manifest.ts';

const product = 'Anthropic';
const remedies: Remedies = {
  endpoint: 'The endpoint must be https://api.anthropic.com, or the address of a gateway before it, without /v1.',
  credential: 'Create a key at platform.claude.com → API keys and store it.',
  permission: 'Use a key of a workspace that may use the model.',
};

export const anthropic = defineConnector({
  manifest,
  actions: modelProviderActions(handlers, { provider: manifest.id }),
  discover: modelProviderDiscovery(handlers),
  testConnection: (ctx) =>
    testBySteps(
      {
        product,
        remedies,
        steps: [
          {
            name: 'models',
            run: async () => {
              const { data } = await listModels({ limit: 1 }, ctx);
              return { apiVersion: manifest.metadata.targetApiVersion, model: data[0]?.id ?? null };
            },
          },
        ],
      },
      ctx,
    ),
  checks: [
    remedyCheck({
      id: 'anthropic.reachable',
      title: 'Anthropic answers and accepts the key',
      product,
      remedies,
      probe: async (ctx) => {
        const { data } = await listModels({ limit: 1000 }, ctx);
        return { status: 'pass', message: `Anthropic answers; the key may use ${data.length} models.` };
      },
    }),
  ],
});
