import { request as nodeRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { HubError } from '@inthub/contracts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ActionCall, ActionOutcome } from '../../gateway/gateway.ts';
import { type BothWays, executor, openBothWays, short, tenantId } from './testing.ts';

const metadata = { durationMs: 1, apiCalls: 1, cached: false };
const calls: ActionCall[] = [];
let execute: (call: ActionCall) => Promise<ActionOutcome>;
let ways: BothWays;

beforeAll(async () => {
  ways = await openBothWays({
    gateway: {
      execute(call: ActionCall) {
        calls.push(call);
        return execute(call);
      },
    },
  });
});
afterAll(() => ways.close());
beforeEach(() => {
  calls.length = 0;
  ways.logged.length = 0;
  execute = async ({ params }) => ({ result: { success: true, data: params, metadata } });
});

const path = `/api/v1/connectors/instances/${tenantId}/execute`;

/** What both ways answer, and what they ask of the gateway; a difference between them fails. */
async function sendBothWays(body: string | Buffer, headers: Record<string, string> = {}) {
  calls.length = 0;
  const [first, second] = await ways.sendBothWays(path, body, headers);
  expect(second).toEqual(first);
  const made = calls.map(({ abort: _abort, ...call }) => call);
  const mine = made.slice(0, made.length / 2);
  expect(made.slice(mine.length)).toEqual(mine);
  return { ...first, calls: mine };
}

describe('a call in the usual form', () => {
  it('is answered as Fastify answers it: results, without and with text beyond ASCII', async () => {
    const plain = await sendBothWays('{"action":"tag.list","params":{"name":"a/b"},"timeoutMs":500}');
    expect(plain.status).toBe(200);
    expect(plain.calls).toEqual([
      {
        principal: executor,
        integrationId: tenantId,
        requestId: 'request-0001',
        action: 'tag.list',
        params: { name: 'a/b' },
        timeoutMs: 500,
      },
    ]);
    const { body } = await sendBothWays('{"action":"tag.list","params":{"name":"日本 – ü 🎉"}}');
    expect(JSON.parse(body)).toEqual({ success: true, data: { name: '日本 – ü 🎉' }, metadata });
    expect((await sendBothWays('{"action":"tag.list"}')).calls).toMatchObject([{ params: {} }]);
  });

  it.each([
    ['no JSON', '{"action":'],
    ['nothing but a space', ' '],
    ['a list', '[]'],
    ['null', 'null'],
    ['a field that nobody knows', '{"action":"a","parms":{}}'],
    ['no action', '{"params":{}}'],
    ['several faults', '{"action":"","params":[],"timeoutMs":"5"}'],
    ['a prototype', '{"action":"a","params":{"__proto__":{"x":1}}}'],
    ['a NUL', '{"action":"a","params":{"x":"\\u0000"}}'],
    ['a lone surrogate', '{"action":"a","params":{"x":["\\ud800"]}}'],
    ['too deep', `{"action":"a","params":{"x":${'['.repeat(80)}${']'.repeat(80)}}}`],
    ['bytes that are not UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d])],
  ])('is refused as Fastify refuses it: %s', async (_, body) => {
    const { status, headers, calls: made } = await sendBothWays(body);
    expect(status).toBe(400);
    expect(headers['content-type']).toBe('application/problem+json; charset=utf-8');
    expect(made).toEqual([]);
  });

  it('fails as it does there: the result beside the problem, Retry-After, and the path of the call', async () => {
    const error = new HubError('rate_limited', 'Try again in 2 s.', { retryAfterMs: 1_200 });
    const shown = { code: error.code, message: error.message, retryable: true, retryAfterMs: 1_200 };
    execute = async () => ({ result: { success: false, data: null, error: shown, metadata }, error });
    const { status, headers, body } = await sendBothWays('{"action":"tag.list"}');
    expect([status, headers['retry-after']]).toEqual([429, '2']);
    expect(JSON.parse(body)).toMatchObject({ code: 'rate_limited', instance: path, success: false, error: shown });
  });

  it('never shows what broke, and tells the operator', async () => {
    execute = async () => {
      throw new Error('password=hunter2 at /srv/secret.ts');
    };
    const { status, body } = await sendBothWays('{"action":"tag.list"}');
    expect(status).toBe(500);
    expect(body).not.toContain('hunter2');
    const lines = ways.logged.map((line) => JSON.parse(line) as { msg: string; reqId: string });
    expect(lines.filter(({ msg }) => msg === 'request failed').map(({ reqId }) => reqId)).toEqual([
      'request-0001',
      'request-0001',
    ]);
  });

  it('leaves to Fastify who may not call, who is not known and what is large', async () => {
    expect((await sendBothWays('{"action":"a"}', { authorization: 'Bearer reader' })).status).toBe(403);
    expect((await sendBothWays('{"action":"a"}', { authorization: 'Bearer nobody' })).status).toBe(401);
    const large = JSON.stringify({ action: 'a', params: { text: 'x'.repeat(100_000) } });
    expect((await sendBothWays(large)).status).toBe(200);
    expect((await sendBothWays(JSON.stringify({ action: 'a', params: { text: 'x'.repeat(2_000_000) } }))).status).toBe(
      413,
    );
  });

  it('keeps an id of the caller, and makes one where it has none or a strange one', async () => {
    for (const given of ['', 'short', 'a'.repeat(65), 'with space']) {
      const { headers } = await ways.send(path, '{"action":"a"}', { 'x-request-id': given });
      expect(headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
    }
  });

  it('ends when its caller goes away', async () => {
    const ended = Promise.withResolvers<unknown>();
    const begun = Promise.withResolvers<void>();
    execute = (call) => {
      call.abort?.signal.addEventListener('abort', () => ended.resolve(call.abort?.signal.reason));
      begun.resolve();
      return new Promise(() => undefined);
    };
    const { port } = ways.app.server.address() as AddressInfo;
    const client = nodeRequest({ port, path, method: 'POST', headers: short });
    client.on('error', () => undefined);
    const body = '{"action":"a"}';
    client.setHeader('content-length', body.length);
    client.end(body);
    await begun.promise;
    client.destroy();
    expect(await ended.promise).toMatchObject({ code: 'cancelled' });
  });

  it('is answered by its own answer, however many are ready at once', async () => {
    const all = Promise.withResolvers<void>();
    execute = async ({ params }) => {
      if (calls.length === 200) all.resolve();
      await all.promise;
      return { result: { success: true, data: params, metadata } };
    };
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, at) => ways.send(path, JSON.stringify({ action: 'a', params: { at } }))),
    );
    expect(answers.map(({ body }) => JSON.parse(body).data.at)).toEqual(Array.from({ length: 200 }, (_, at) => at));
  });

  it('is put together from pieces', async () => {
    const body = Buffer.from(JSON.stringify({ action: 'a', params: { text: 'ü'.repeat(5_000) } }));
    const client = nodeRequest(`${ways.url}${path}`, {
      method: 'POST',
      headers: { ...short, 'content-length': body.length },
    });
    const answered = new Promise<number | undefined>((resolve) =>
      client.on('response', (answer) => resolve(answer.resume().statusCode)),
    );
    for (let at = 0; at < body.length; at += 997) {
      await new Promise((resolve) => client.write(body.subarray(at, at + 997), resolve));
    }
    client.end();
    expect(await answered).toBe(200);
    expect(calls[0]?.params).toEqual({ text: 'ü'.repeat(5_000) });
  });
});
