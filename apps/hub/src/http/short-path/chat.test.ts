import { request as nodeRequest } from 'node:http';
import type { ChatDelta } from '@inthub/connector-sdk';
import { type ActionEvent, HubError } from '@inthub/contracts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { BegunStream, ModelCaller, ModelOutcome } from '../../models/models.ts';
import { type BothWays, openBothWays, short } from './testing.ts';

const path = '/v1/chat/completions';
const ask = (more: object = {}) =>
  JSON.stringify({ model: 'main/model', messages: [{ role: 'user', content: 'Hi' }], ...more });
const target = { integrationId: 'i', integration: 'main', model: 'model' };
const choice = { alias: 'fast', target, tried: [{ name: 'other/ü', code: 'rate_limited' }] };
const usage = { inputTokens: 1, outputTokens: 2, totalTokens: 3, cachedInputTokens: null, reasoningTokens: null };
const result = {
  id: 'chat-1',
  model: 'model',
  content: 'Grüße 🎉',
  thinking: null,
  toolCalls: [],
  stopReason: 'end',
  usage: { ...usage, cacheWriteTokens: null, cost: null },
  providerFields: {},
};
const metadata = { durationMs: 1, apiCalls: 1, cached: false };

let resolve: () => Promise<object>;
let execute: (caller: ModelCaller) => Promise<ModelOutcome>;
let stream: (caller: ModelCaller) => Promise<BegunStream | ModelOutcome>;
let ways: BothWays;

beforeAll(async () => {
  const models = {
    resolve: () => resolve(),
    execute: (caller: ModelCaller) => execute(caller),
    stream: (caller: ModelCaller) => stream(caller),
  };
  ways = await openBothWays({ models, clock: { now: () => new Date(1_790_000_000_000), monotonicMs: () => 0 } });
});
afterAll(() => ways.close());
beforeEach(() => {
  resolve = async () => ({});
  execute = async () => ({ outcome: { result: { success: true, data: result, metadata } }, choice });
});

/** What both ways answer; a difference between them fails. */
async function sendBothWays(body: string, headers: Record<string, string> = {}) {
  const [first, second] = await ways.sendBothWays(path, body, headers);
  expect(second).toEqual(first);
  return first;
}

function failed(error: HubError): ModelOutcome {
  const { code, message, retryable } = error;
  return {
    outcome: { result: { success: false, data: null, error: { code, message, retryable }, metadata }, error },
    choice,
  };
}

const delta = (...deltas: ChatDelta[]): ActionEvent => ({ type: 'data', chunk: { deltas } });

async function begun(events: AsyncGenerator<ActionEvent>): Promise<BegunStream> {
  return { first: await events.next(), rest: events, choice };
}

describe('a chat in the usual form', () => {
  it('is answered as Fastify answers it', async () => {
    const { status, headers, body } = await sendBothWays(ask());
    expect(status).toBe(200);
    expect(headers).toMatchObject({ 'x-inthub-route': 'fast', 'x-inthub-model': 'main/model' });
    expect(JSON.parse(body).choices[0].message.content).toBe('Grüße 🎉');
  });

  it('streams as there, to the last byte', async () => {
    stream = () =>
      begun(
        (async function* () {
          yield delta({ type: 'start', id: 'chat-1', model: 'model' });
          for (const text of ['Gr', 'üße ', '🎉', '']) yield delta({ type: 'text', text });
          yield delta({ type: 'stop', stopReason: 'end', providerStopReason: 'stop' });
          yield { type: 'complete', summary: result };
        })(),
      );
    const { status, headers, body } = await sendBothWays(ask({ stream: true }));
    expect(status).toBe(200);
    expect(headers['content-type']).toBe('text/event-stream; charset=utf-8');
    expect(body).toContain('üße ');
    expect(body.endsWith('data: [DONE]\n\n')).toBe(true);
  });

  it('ends a stream that fails with an error of OpenAI’s form and no [DONE]', async () => {
    stream = () =>
      begun(
        (async function* () {
          yield delta({ type: 'text', text: 'a' });
          yield { type: 'error', error: { code: 'provider_error', message: 'It broke.' } };
        })(),
      );
    const { body } = await sendBothWays(ask({ stream: true }));
    expect(body).toContain('"message":"It broke."');
    expect(body).not.toContain('[DONE]');
  });

  it.each([
    ['a field of the wrong type', ask({ temperature: 'hot' })],
    ['no messages', JSON.stringify({ model: 'a/b' })],
    ['no JSON', '{"model":'],
    ['a part that is not taken', ask({ messages: [{ role: 'user', content: [{ type: 'input_audio' }] }] })],
  ])('is refused as there: %s', async (_, body) => {
    const { status, body: text } = await sendBothWays(body);
    expect(status).toBe(400);
    expect(JSON.parse(text).error.type).toBe('invalid_request_error');
  });

  it('fails as there: before a model is chosen, by the model, and before its stream has begun', async () => {
    const busy = new HubError('rate_limited', 'Later.', { retryAfterMs: 2_500 });
    execute = async () => failed(busy);
    stream = async () => failed(busy);
    for (const more of [{}, { stream: true }]) {
      const { status, headers } = await sendBothWays(ask(more));
      expect(status).toBe(429);
      expect(headers).toMatchObject({
        'retry-after': '3',
        'x-should-retry': 'true',
        'x-inthub-why': 'after other/%C3%BC=rate_limited',
      });
    }
    resolve = async () => {
      throw new HubError('not_found', 'There is no model.', { details: { field: 'model' } });
    };
    const { status, body } = await sendBothWays(ask());
    expect(status).toBe(404);
    expect(JSON.parse(body).error).toMatchObject({ param: 'model', code: 'not_found' });
    expect((await sendBothWays(ask(), { authorization: 'Bearer reader' })).status).toBe(403);
    expect((await sendBothWays(ask(), { authorization: 'Bearer nobody' })).status).toBe(401);
  });

  it('loses one connection, and not the process, over an answer that cannot be written', async () => {
    const odd = { ...choice, tried: [{ name: 'x', code: 'a\nb' }] };
    execute = async () => ({ outcome: { result: { success: true, data: result, metadata } }, choice: odd });
    const answers = await Promise.allSettled(Array.from({ length: 20 }, () => ways.send(path, ask())));
    expect(answers.every(({ status }) => status === 'rejected')).toBe(true);
    execute = async () => ({ outcome: { result: { success: true, data: result, metadata } }, choice });
    expect((await ways.send(path, ask())).status).toBe(200);
  });

  it('asks for the next piece only when the client takes them, and ends the call when it leaves', async () => {
    let given = 0;
    const left = Promise.withResolvers<void>();
    stream = () =>
      begun(
        (async function* () {
          try {
            for (;;) {
              given += 1;
              yield delta({ type: 'text', text: 'x'.repeat(64 * 1024) });
            }
          } finally {
            left.resolve();
          }
        })(),
      );
    const client = nodeRequest(`${ways.url}${path}`, { method: 'POST', headers: short });
    client.on('error', () => undefined);
    const answered = new Promise<void>((resolveAnswer) => {
      client.on('response', (answer) => {
        answer.pause();
        resolveAnswer();
      });
    });
    client.end(ask({ stream: true }));
    await answered;
    // It stands still once the buffers between here and there are full.
    let before = -1;
    const standsStill = () => {
      const isSame = given === before;
      before = given;
      return isSame;
    };
    await expect.poll(standsStill, { timeout: 20_000, interval: 200 }).toBe(true);
    expect(given).toBeLessThan(2_000);
    client.destroy();
    await left.promise;
  });
});
