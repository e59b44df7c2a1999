import { type ConnectionStep, type ConnectorCheck, type Remedies, remedyCheck } from '@inthub/connector-sdk';
import { listModels } from './handlers.ts';
import { manifest } from './manifest.ts';

export const product = 'Anthropic';
export const remedies: Remedies = {
  endpoint: 'The endpoint must be https://api.anthropic.com, or the address of a gateway before it, without /v1.',
  credential: 'Create a key at platform.claude.com → API keys and store it.',
  permission: 'Use a key of a workspace that may use the model.',
};

export const connectionSteps: readonly ConnectionStep[] = [
  {
    name: 'models',
    run: async (ctx) => {
      const { data } = await listModels({ limit: 1 }, ctx);
      return { apiVersion: manifest.metadata.targetApiVersion, model: data[0]?.id ?? null };
    },
  },
];

export const checks: readonly ConnectorCheck[] = [
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
];
