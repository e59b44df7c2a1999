/** The test kit's fake, for `npm run try -- anthropic`. */
import { type Counterpart, createFakeAnthropic, scriptedPrompts } from '@inthub/connector-sdk/testing';

const model = 'claude-opus-5';
const chat = { model, messages: [{ role: 'user', content: scriptedPrompts.hello }] };

export async function startCounterpart(): Promise<Counterpart> {
  return {
    name: 'createFakeAnthropic of the test kit',
    proof: 'stub',
    respond: createFakeAnthropic(),
    inputs: {
      'model.list': {},
      'model.capabilities': { model },
      'chat.complete': chat,
      'chat.stream': chat,
      'tokens.count': { model, content: 'Hello' },
      'availability.check': {},
    },
    stop: async () => undefined,
  };
}
