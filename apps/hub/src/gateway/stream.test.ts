import { type AnyAction, defineAction } from '@inthub/connector-sdk';
import { type ActionEvent, HubError } from '@inthub/contracts';
import { createFakeClock } from '@inthub/testing';
import Type from 'typebox';
import { describe, expect, it } from 'vitest';
import { createSampleConnector } from '../runtime/testing.ts';
import { collect, createRig } from './testing.ts';

function setUp(stream: NonNullable<AnyAction['stream']>) {
  const clock = createFakeClock();
  const action = defineAction({
    id: 'chat.stream',
    title: 'Chat',
    description: 'Chats.',
    input: Type.Object({ text: Type.String() }),
    output: Type.Unknown(),
    safe: true,
    run: async () => 'whole',
    stream,
  });
  const rig = createRig({
    clock,
    connector: createSampleConnector({ actions: [action] }),
    integration: { rateLimits: { concurrentRequests: 1 } },
  });
  const start = (params: unknown = { text: 'hi' }, more: object = {}) =>
    rig.gateway.stream({ ...rig.call, action: 'chat.stream', params, ...more });
  return { clock, rig, start };
}

const counted = (chunks: number) =>
  async function* (): AsyncGenerator<ActionEvent> {
    for (let i = 0; i < chunks; i += 1) yield { type: 'data', chunk: i };
    yield { type: 'complete', summary: { chunks } };
  };

describe('stream', () => {
  it('passes events on and settles before the last one', async () => {
    const { rig, start } = setUp(counted(2));

    expect(await collect(start())).toEqual([
      { type: 'data', chunk: 0 },
      { type: 'data', chunk: 1 },
      { type: 'complete', summary: { chunks: 2 } },
    ]);
    await rig.gateway.close();
    expect(rig.audit).toMatchObject([{ action: 'action.execute', outcome: 'success' }]);
    expect(rig.usage).toMatchObject([{ requests: 1, errors: 0 }]);
  });

  it('asks the connector for the next event only when the reader does', async () => {
    let made = 0;
    const { start } = setUp(async function* () {
      for (;;) {
        made += 1;
        yield { type: 'data', chunk: made };
      }
    });
    const reader = start()[Symbol.asyncIterator]();

    await reader.next();
    await reader.next();
    await Promise.resolve();

    expect(made).toBe(2);
    await reader.return?.();
  });

  it('tells a refusal, and a failure in the middle, as an error event', async () => {
    const { rig, start } = setUp(async function* () {
      yield { type: 'data', chunk: 1 };
      throw new HubError('provider_unavailable', 'Gone.');
    });

    expect(await collect(start({ text: 5 }))).toMatchObject([{ type: 'error', error: { code: 'invalid_request' } }]);
    expect(await collect(start())).toEqual([
      { type: 'data', chunk: 1 },
      { type: 'error', error: { code: 'provider_unavailable', message: 'Gone.' } },
    ]);
    await rig.gateway.close();
    expect(rig.audit.map(({ outcome }) => outcome)).toEqual(['failure', 'failure']);
  });

  it('takes an error event of the connector for the call’s failure', async () => {
    const { rig, start } = setUp(async function* () {
      yield { type: 'error', error: { code: 'overloaded', message: 'The model is busy.' } };
    });

    expect(await collect(start())).toEqual([
      { type: 'error', error: { code: 'connector_failed', message: 'The model is busy.' } },
    ]);
    await rig.gateway.close();
    expect(rig.audit).toMatchObject([{ outcome: 'failure' }]);
  });

  it('ends, gives its slot back and is recorded when the reader leaves', async () => {
    let cleaned = false;
    const { rig, start } = setUp(async function* (_, ctx) {
      try {
        for (;;) {
          yield { type: 'data', chunk: 1 };
          if (ctx.signal.aborted) return;
        }
      } finally {
        cleaned = true;
      }
    });

    for await (const _ of start()) break;
    await Promise.resolve();

    expect(cleaned).toBe(true);
    for await (const event of start()) {
      expect(event).toEqual({ type: 'data', chunk: 1 });
      break;
    }
    await rig.gateway.close();
    expect(rig.audit).toMatchObject([{ details: { code: 'cancelled' } }, { details: { code: 'cancelled' } }]);
  });

  it('ends at the deadline and when the caller’s signal aborts, though the connector hangs', async () => {
    const hanging = async function* (): AsyncGenerator<ActionEvent> {
      yield { type: 'data', chunk: 1 };
      await new Promise(() => undefined);
    };
    const { clock, start } = setUp(hanging);
    const late = collect(start({ text: 'hi' }, { timeoutMs: 100 }));
    await clock.advance(100);
    expect((await late).at(-1)).toMatchObject({ type: 'error', error: { code: 'deadline_exceeded' } });

    const caller = new AbortController();
    const left = collect(start({ text: 'hi' }, { signal: caller.signal }));
    await clock.advance(0);
    caller.abort();
    expect((await left).at(-1)).toMatchObject({ type: 'error', error: { code: 'cancelled' } });
  });

  it('is settled at its deadline though the reader asks for nothing, and tells it so when it returns', async () => {
    const { clock, rig, start } = setUp(counted(3));
    const stream = start({ text: 'hi' }, { timeoutMs: 100 });
    const reader = stream[Symbol.asyncIterator]();
    await reader.next();
    expect(stream.outcome).toBeNull();

    await clock.advance(100);

    expect(stream.outcome?.error).toMatchObject({ code: 'deadline_exceeded' });
    const { error } = await rig.gateway.execute({ ...rig.call, action: 'chat.stream', params: { text: 'hi' } });
    expect(error).toBeUndefined();
    expect((await reader.next()).value).toMatchObject({ type: 'error', error: { code: 'deadline_exceeded' } });
    expect((await reader.next()).done).toBe(true);
    await rig.gateway.close();
    expect(rig.audit.map(({ outcome }) => outcome)).toEqual(['failure', 'success']);
  });

  it('holds a slot for as long as it runs', async () => {
    const { rig, start } = setUp(counted(3));
    const reader = start()[Symbol.asyncIterator]();
    await reader.next();

    const { error } = await rig.gateway.execute({ ...rig.call, action: 'chat.stream', params: { text: 'hi' } });
    expect(error).toMatchObject({ code: 'rate_limited' });

    await reader.return?.();
    expect(
      (await rig.gateway.execute({ ...rig.call, action: 'chat.stream', params: { text: 'hi' } })).error,
    ).toBeUndefined();
  });
});
