import {
  defineConnector,
  modelProviderActions,
  modelProviderDiscovery,
  type Remedies,
  remedyCheck,
  testBySteps,
} from '@inthub/connector-sdk';
import { handlers, listModels, readVersion } from './handlers.ts';
import { manifest } from './manifest.ts';

const product = 'Ollama';
const remedies: Remedies = {
  endpoint: 'The endpoint must be the address of the server, such as http://ollama.example.com:11434, without /api.',
  credential: 'Create a key at ollama.com/settings/keys, or look what the proxy before the server wants.',
  permission: 'Look at the rules of the proxy before the server.',
};

export const ollama = defineConnector({
  manifest,
  actions: modelProviderActions(handlers, { provider: manifest.id }),
  discover: modelProviderDiscovery(handlers),
  testConnection: (ctx) =>
    testBySteps(
      {
        product,
        remedies,
        steps: [
          { name: 'version', run: async () => ({ version: await readVersion(ctx) }) },
          // /api/version is open even where the rest asks for a key.
          { name: 'models', run: async () => ({ models: (await listModels(ctx)).length }) },
        ],
      },
      ctx,
    ),
  checks: [
    remedyCheck({
      id: 'ollama.reachable',
      title: 'Ollama answers',
      product,
      remedies,
      probe: async (ctx) => {
        const version = await readVersion(ctx);
        return { status: 'pass', message: `Ollama ${version} answers.`, details: { version } };
      },
    }),
    remedyCheck({
      id: 'ollama.models',
      title: 'There is a model to use',
      product,
      remedies,
      probe: async (ctx) => {
        const models = await listModels(ctx);
        if (models.length > 0) return { status: 'pass', message: `${models.length} models are there.` };
        const suggestions = ['Pull one on the server: ollama pull <model>.'];
        return { status: 'warn', message: 'The server has no model yet.', suggestions };
      },
    }),
  ],
});
