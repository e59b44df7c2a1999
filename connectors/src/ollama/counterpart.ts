/** The test kit's fake, for `npm run try -- ollama`. */
import { type Counterpart, createFakeOllama, scriptedPrompts } from '@inthub/connector-sdk/testing';

const model = 'llama3.2:latest';
const chat = { model, messages: [{ role: 'user', content: scriptedPrompts.hello }] };

export async function startCounterpart(): Promise<Counterpart> {
  return {
    name: 'createFakeOllama of the test kit',
    proof: 'stub',
    respond: createFakeOllama(),
    inputs: {
      'model.list': {},
      'model.capabilities': { model },
      'chat.complete': chat,
      'chat.stream': chat,
      'embedding.create': { model: 'all-minilm:latest', input: ['one', 'three'] },
      'availability.check': {},
    },
    stop: async () => undefined,
  };
}
