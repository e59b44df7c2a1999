import { type ConnectionStep, type ConnectorCheck, remedyCheck } from '@inthub/connector-sdk';
import { listModels } from '../_families/openai-compatible/handlers.ts';
import { product, remedies } from './product.ts';

export const connectionSteps: readonly ConnectionStep[] = [
  { name: 'models', run: async (ctx) => ({ apiVersion: 'v1', models: (await listModels(product, ctx)).length }) },
];

export const checks: readonly ConnectorCheck[] = [
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
];
