/** The test kit's fake, for `npm run try -- openai`. */
import { type Counterpart, createFakeOpenAi, scriptedPrompts } from '@inthub/connector-sdk/testing';

const model = 'gpt-5.4';
const chat = { model, messages: [{ role: 'user', content: scriptedPrompts.hello }] };

export async function startCounterpart(): Promise<Counterpart> {
  return {
    name: 'createFakeOpenAi of the test kit',
    proof: 'stub',
    respond: createFakeOpenAi(),
    inputs: {
      'model.list': {},
      'model.capabilities': { model },
      'chat.complete': chat,
      'chat.stream': chat,
      'embedding.create': { model: 'text-embedding-3-small', input: ['one', 'three'] },
      'tokens.count': { model, content: 'Hello' },
      'availability.check': {},
    },
    stop: async () => undefined,
  };
}
