import { request as httpRequest, type IncomingMessage } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { type FaultExchange, type FaultServer, respond, startFaultServer } from '@inthub/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { describeEachStore } from './each-store.ts';
import { writeProbePlugin } from './probe-plugin.ts';
import { adminKey, startTestHub, type TestHub } from './testing.ts';

const mebibyte = 1024 * 1024;
const plugins = writeProbePlugin();
let provider: FaultServer;
let hub: TestHub;
let count = 0;

beforeAll(async () => {
  provider = await startFaultServer();
});
afterEach(() => provider.reset());
afterAll(async () => {
  await provider.stop();
  plugins.remove();
});

async function install(more: object = {}): Promise<string> {
  count += 1;
  const { body, text } = await hub.call('POST', '/api/v1/integrations', {
    type: 'custom.probe',
    name: `probe ${count}`,
    config: { endpoint: provider.url, authMode: 'none', retryPolicy: { maxRetries: 0 } },
    submit: true,
    ...more,
  });
  provider.on('GET', '/ping', respond.json(200, {}));
  expect((await hub.call('POST', `/api/v1/integrations/${body.id}/test`)).body.success, text).toBe(true);
  return body.id as string;
}

interface Reader {
  readonly response: IncomingMessage;
  /** Hangs up without a word. */
  leave(): void;
}

/** Starts a stream and reads nothing of it. */
function open(id: string, path: string, timeoutMs = 60_000): Promise<Reader> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(`${hub.url}/api/v1/connectors/instances/${id}/execute`, {
      method: 'POST',
      agent: false,
      headers: {
        authorization: `Bearer ${adminKey}`,
        accept: 'text/event-stream',
        'content-type': 'application/json',
      },
    });
    request.on('error', reject);
    request.on('response', (response) => {
      response.on('error', () => {}); // hanging up makes one
      resolve({ response, leave: () => request.destroy() });
    });
    request.end(JSON.stringify({ action: 'probe.stream', params: { path }, timeoutMs }));
  });
}

/** Events as they come. */
async function* eventsOf(response: IncomingMessage): AsyncGenerator<{ type: string; [key: string]: unknown }> {
  response.setEncoding('utf8');
  let rest = '';
  for await (const text of response) {
    const frames = (rest + text).split('\n\n');
    rest = frames.pop() ?? '';
    for (const frame of frames) {
      const data = /^data: (.*)$/m.exec(frame)?.[1];
      if (data !== undefined) yield JSON.parse(data);
    }
  }
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 20_000; tries += 1) {
    if (await condition()) return;
    await wait(1);
  }
  throw new Error(`Did not come about: ${condition.toString()}`);
}

const auditOf = async (id: string) =>
  (await hub.call('GET', `/api/v1/audit?targetId=${id}&action=action.execute`)).body.items as {
    outcome: string;
    details: Record<string, unknown>;
  }[];

/** Sends so many bytes as fast as they are taken, and tells how many those are. */
function pouring(total: number) {
  const state = { sent: 0, closedAtMs: 0 };
  const piece = Buffer.alloc(64 * 1024, 'a');
  return {
    state,
    async answer({ response, signal }: FaultExchange) {
      signal.addEventListener('abort', () => {
        state.closedAtMs = performance.now();
      });
      response.writeHead(200, { 'content-type': 'application/octet-stream' });
      while (state.sent < total && !signal.aborted) {
        state.sent += piece.length;
        if (!response.write(piece)) {
          await new Promise<void>((resolve) => {
            response.once('drain', resolve);
            signal.addEventListener('abort', () => resolve(), { once: true });
          });
        }
      }
      response.end();
    },
  };
}

/** One piece of a body, then silence. */
function begun() {
  const state = { closedAtMs: 0 };
  return {
    state,
    async answer({ response, signal }: FaultExchange) {
      response.writeHead(200, { 'content-type': 'application/octet-stream' }).write('first');
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
      state.closedAtMs = performance.now();
    },
  };
}

await describeEachStore((environment) => {
  beforeAll(async () => {
    hub = await startTestHub({ PLUGINS_DIR: plugins.path, ...environment() });
  });
  afterAll(() => hub.stop());

  describe('a slow reader', () => {
    it('makes the provider wait: nothing piles up in the hub, and nothing is lost', async () => {
      const total = 96 * mebibyte;
      const id = await install();
      const { state, answer } = pouring(total);
      provider.on('GET', '/big', answer);

      const { response } = await open(id, '/big');
      // Until nothing has moved for a while: sockets on the way hold some megabytes.
      let still = 0;
      let last = -1;
      await until(() => {
        still = state.sent === last ? still + 1 : 0;
        last = state.sent;
        return still > 250;
      });
      const taken = state.sent;
      let received = 0;
      let end: unknown;
      for await (const event of eventsOf(response)) {
        if (event.type === 'data') received += (event['chunk'] as string).length;
        else end = event;
      }

      expect(taken).toBeLessThan(40 * mebibyte);
      expect(received).toBe(total);
      expect(end).toEqual({ type: 'complete', summary: null });
    });

    it('that never reads does not hold the call beyond its deadline', async () => {
      const id = await install();
      const { state, answer } = pouring(Number.POSITIVE_INFINITY);
      provider.on('GET', '/endless', answer);

      const reader = await open(id, '/endless', 500);
      await until(() => state.closedAtMs > 0);
      await until(async () => (await auditOf(id)).length === 1);

      expect(await auditOf(id)).toMatchObject([{ outcome: 'failure', details: { code: 'deadline_exceeded' } }]);
      const events: unknown[] = [];
      for await (const event of eventsOf(reader.response)) if (event.type !== 'data') events.push(event);
      expect(events).toMatchObject([{ type: 'error', error: { code: 'deadline_exceeded' } }]);
    });
  });

  describe('a caller that hangs up', () => {
    it.each([
      ['while the provider is silent', begun],
      ['while the provider waits for it', () => pouring(Number.POSITIVE_INFINITY)],
    ])('ends the call to the provider %s', async (_when, scripted) => {
      const id = await install();
      const { state, answer } = scripted();
      provider.on('GET', '/stream', answer);
      const { leave } = await open(id, '/stream');

      // At once: stopping.peer.test.ts shows that no timer of the hub has a part in it.
      leave();
      await until(() => state.closedAtMs > 0);

      await until(async () => (await auditOf(id)).length === 1);
      expect(await auditOf(id)).toMatchObject([{ details: { code: 'cancelled', blame: 'caller' } }]);
    });

    it.each(['text/event-stream', 'application/json'])('does so before anything was answered (%s)', async (accept) => {
      const id = await install();
      let closed = false;
      provider.on('GET', '/silent', async ({ signal }) => {
        await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
        closed = true;
      });
      const caller = new AbortController();
      const call = fetch(`${hub.url}/api/v1/connectors/instances/${id}/execute`, {
        method: 'POST',
        headers: { authorization: `Bearer ${adminKey}`, accept, 'content-type': 'application/json' },
        body: JSON.stringify({ action: 'probe.stream', params: { path: '/silent' } }),
        signal: caller.signal,
      });
      await until(() => provider.requests.some(({ path }) => path === '/silent'));

      caller.abort();

      await expect(call).rejects.toThrow();
      await until(() => closed);
      await until(async () => (await auditOf(id)).length === 1);
    });
  });

  describe('a failure', () => {
    const stream = (id: string, body: object) =>
      hub.call('POST', `/api/v1/connectors/instances/${id}/execute`, body, { accept: 'text/event-stream' });

    it('in the middle of a stream ends it with an error event', async () => {
      const id = await install();
      provider.on('GET', '/cut', respond.resetMidBody(Buffer.alloc(2_000, 'a'), { 'content-type': 'text/plain' }));

      const { response } = await open(id, '/cut');
      const events: { type: string; error?: unknown }[] = [];
      for await (const event of eventsOf(response)) events.push(event);

      expect(response.statusCode).toBe(200);
      expect(events.map(({ type }) => type)).toEqual(['data', 'error']);
      expect(events[1]).toMatchObject({ error: { code: 'provider_unreachable' } });
      await until(async () => (await auditOf(id)).length === 1);
      expect(await auditOf(id)).toMatchObject([{ outcome: 'failure', details: { blame: 'provider' } }]);
    });

    it('before the stream begins has its own status', async () => {
      const id = await install({ rateLimits: { requestsPerMinute: 3 } });
      provider.on('GET', '/down', respond.json(503, { message: 'down' }));

      const unknown = await stream(id, { action: 'probe.strem', params: {} });
      const invalid = await stream(id, { action: 'probe.stream', params: { path: 'x' } });
      const failed = await stream(id, { action: 'probe.stream', params: { path: '/down' } });
      const paced = await stream(id, { action: 'probe.stream', params: { path: '/down' } });

      expect([unknown.status, unknown.body.code]).toEqual([404, 'unknown_action']);
      expect([invalid.status, invalid.body.errors[0].path]).toEqual([400, '/params/path']);
      expect(failed.headers.get('content-type')).toContain('application/problem+json');
      expect([failed.status, failed.body]).toMatchObject([
        502,
        { code: 'provider_unavailable', success: false, data: null, metadata: { apiCalls: 1 } },
      ]);
      expect([paced.status, paced.body.details.limitType]).toEqual([429, 'connector']);
      expect(Number(paced.headers.get('retry-after'))).toBeGreaterThan(0);
    });

    it('does not happen to an action that cannot stream: its result is the one event', async () => {
      const id = await install();
      provider.on('GET', '/one', respond.json(200, { n: 1 }));

      const { status, text } = await stream(id, { action: 'probe.read', params: { path: '/one' } });

      expect([status, text]).toEqual([200, 'event: complete\ndata: {"type":"complete","summary":{"n":1}}\n\n']);
    });
  });
});
