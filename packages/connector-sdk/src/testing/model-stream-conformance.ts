import { HubError } from '@inthub/contracts';
import { describe, expect, it } from 'vitest';
import type { ChatResult, ConnectorDefinition } from '../index.ts';
import type { Reply } from './exchange.ts';
import { createMockGateway } from './mock-gateway.ts';
import { type ModelScript, modelScript, scriptedPrompts } from './model-script.ts';

export interface ModelStreamConformanceOptions {
  readonly connector: ConnectorDefinition;
  readonly config?: Readonly<Record<string, unknown>>;
  readonly model: string;
  readonly contentType: string;
  /** The body in which the product streams this answer. */
  body(script: ModelScript): readonly string[];
  /** What the product sends when it fails in the middle, and the code that must come of it. */
  readonly failure: { readonly text: string; readonly code: string };
}

const input = (model: string) => ({ model, messages: [{ role: 'user', content: 'x' }] });
const script: ModelScript = {
  text: ['Grü', 'ezi 👋', ' \u2028"\\\n'],
  thinking: ['Hm', '…'],
  toolCalls: [
    { id: 'call_1', name: 'weather', arguments: ['{"city":', '"Zürich"}'] },
    { id: 'call_2', name: 'clock', arguments: [] },
  ],
  stopReason: 'tool_calls',
  inputTokens: 10,
  cachedInputTokens: 0,
  outputTokens: 5,
};

/** Registers tests of how a connector reads a stream: cut anywhere, broken off anywhere, failing in the middle, left by its reader. */
export function modelStreamConformance(options: ModelStreamConformanceOptions): void {
  const { connector, config, model, contentType, failure } = options;
  let reply: Reply = {};
  const gateway = createMockGateway({ connector, respond: () => reply, ...(config === undefined ? {} : { config }) });
  const replay = async (chunks: Reply['chunks'] & {}): Promise<ChatResult> => {
    reply = { headers: { 'content-type': contentType }, chunks };
    const events = await gateway.stream('chat.stream', input(model));
    const last = events.at(-1);
    if (last?.type !== 'complete') throw new HubError('internal', 'The stream did not complete.');
    return last.summary as ChatResult;
  };

  describe(`streams of ${connector.manifest.id}`, () => {
    const body = Buffer.from(options.body(script).join(''));

    it('give the same answer split at every byte boundary, and byte by byte', async () => {
      const whole = await replay([body]);
      expect(whole).toMatchObject({ content: 'Grüezi 👋 \u2028"\\\n', thinking: 'Hm…', stopReason: 'tool_calls' });
      expect(whole.toolCalls.map(({ arguments: args }) => JSON.parse(args) as unknown)).toEqual([
        { city: 'Zürich' },
        {},
      ]);

      for (let at = 1; at < body.length; at += 1) {
        const halves = await replay([body.subarray(0, at), body.subarray(at)]);
        if (JSON.stringify(halves) !== JSON.stringify(whole)) expect(halves, `split at byte ${at}`).toEqual(whole);
      }
      expect(await replay(Array.from(body, (byte) => Uint8Array.of(byte)))).toEqual(whole);
    });

    it('that end anywhere before the end are failures of the provider, never half an answer taken for a whole one', async () => {
      const whole = JSON.stringify(await replay([body]));
      let failures = 0;
      for (let at = 0; at < body.length; at += 1) {
        try {
          // Only what follows the stop reason may be missing: counts, and the product's own end mark.
          const { usage: _, providerFields: __, ...cut } = await replay([body.subarray(0, at)]);
          const { usage: ___, providerFields: ____, ...complete } = JSON.parse(whole) as ChatResult;
          expect(cut, `ended after byte ${at}`).toEqual(complete);
        } catch (error) {
          if (!(error instanceof HubError)) throw error;
          failures += 1;
          expect(['provider_unavailable', 'provider_bad_response'], `ended after byte ${at}`).toContain(error.code);
        }
      }
      expect(failures).toBeGreaterThan(body.length / 2);
    });

    it('that break off keep the error of the connection', async () => {
      async function* broken() {
        yield body.subarray(0, body.length / 2);
        throw new HubError('provider_unreachable', 'The connection was reset.');
      }

      await expect(replay(broken())).rejects.toMatchObject({ code: 'provider_unreachable' });
    });

    it('that fail in the middle say so', async () => {
      const [first = ''] = options.body(script);

      await expect(replay([Buffer.from(first + failure.text)])).rejects.toMatchObject({
        code: failure.code,
        details: { midStream: true },
      });
    });

    it('are refused when they are no stream', async () => {
      reply = { text: '<html>' };

      await expect(gateway.stream('chat.stream', input(model))).rejects.toMatchObject({
        code: 'provider_bad_response',
      });
      await expect(replay([Buffer.from('data: {"choices"\n\n')])).rejects.toMatchObject({ name: 'HubError' });
      for (const odd of ['null', '[]', '7', '"x"']) {
        await expect(replay([Buffer.from(`data: ${odd}\n\n`)]), odd).rejects.toMatchObject({ name: 'HubError' });
        await expect(replay([Buffer.from(`${odd}\n`)]), odd).rejects.toMatchObject({ name: 'HubError' });
      }
    });

    it('end when their reader leaves, and are asked for no more than was read', async () => {
      let asked = 0;
      let closed = false;
      async function* endless() {
        try {
          for (const piece of options.body(
            modelScript({
              text: scriptedPrompts.hello,
              toolResult: undefined,
              system: '',
              hasImage: false,
              hasTools: false,
            }),
          )) {
            asked += 1;
            yield Buffer.from(piece);
          }
          for (;;) yield Buffer.from('\n');
        } finally {
          closed = true;
        }
      }
      reply = { headers: { 'content-type': contentType }, chunks: endless() };
      const action = connector.actions.get('chat.stream');

      for await (const event of action?.stream?.(input(model), gateway.ctx) ?? []) {
        expect(event.type).toBe('data');
        break;
      }

      expect(closed).toBe(true);
      expect(asked).toBeLessThanOrEqual(3);
    });
  });
}
