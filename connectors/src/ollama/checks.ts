import { type ConnectionStep, type ConnectorCheck, type Remedies, remedyCheck } from '@inthub/connector-sdk';
import { listModels, readVersion } from './handlers.ts';

export const product = 'Ollama';
export const remedies: Remedies = {
  endpoint: 'The endpoint must be the address of the server, such as http://ollama.example.com:11434, without /api.',
  credential: 'Create a key at ollama.com/settings/keys, or look what the proxy before the server wants.',
  permission: 'Look at the rules of the proxy before the server.',
};

export const connectionSteps: readonly ConnectionStep[] = [
  { name: 'version', run: async (ctx) => ({ version: await readVersion(ctx) }) },
  // /api/version is open even where the rest asks for a key.
  { name: 'models', run: async (ctx) => ({ models: (await listModels(ctx)).length }) },
];

export const checks: readonly ConnectorCheck[] = [
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
];
