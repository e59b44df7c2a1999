/** What happens to calls under way when their caller leaves, and when the hub itself stops. */
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { createFakeClock, type FaultExchange, type FaultServer, respond, startFaultServer } from '@inthub/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { describeEachStore } from './each-store.ts';
import { writeProbePlugin } from './probe-plugin.ts';
import { adminKey, startTestHub, type TestHub } from './testing.ts';

const plugins = writeProbePlugin();
let provider: FaultServer;
const hubs: TestHub[] = [];

beforeAll(async () => {
  provider = await startFaultServer();
});
afterEach(async () => {
  await Promise.all(hubs.splice(0).map((hub) => hub.stop()));
  provider.reset();
});
afterAll(async () => {
  await provider.stop();
  plugins.remove();
});

async function startWith(environment: Record<string, string>, options: Parameters<typeof startTestHub>[1]) {
  const hub = await startTestHub({ PLUGINS_DIR: plugins.path, ...environment }, options);
  hubs.push(hub);
  const { body, text } = await hub.call('POST', '/api/v1/integrations', {
    type: 'custom.probe',
    name: 'probe',
    config: { endpoint: provider.url, authMode: 'none', retryPolicy: { maxRetries: 0 } },
    submit: true,
  });
  provider.on('GET', '/ping', respond.json(200, {}));
  expect((await hub.call('POST', `/api/v1/integrations/${body.id}/test`)).body.success, text).toBe(true);
  return { hub, id: body.id as string };
}

interface Reader {
  readonly response: IncomingMessage;
  leave(): void;
}

function openStream({ url }: TestHub, id: string, path: string): Promise<Reader> {
  return new Promise((resolve, reject) => {
    const headers = {
      authorization: `Bearer ${adminKey}`,
      accept: 'text/event-stream',
      'content-type': 'application/json',
    };
    const request = httpRequest(`${url}/api/v1/connectors/instances/${id}/execute`, {
      method: 'POST',
      agent: false,
      headers,
    });
    request.on('error', reject);
    request.on('response', (response) => {
      response.on('error', () => {}); // hanging up makes one
      resolve({ response, leave: () => request.destroy() });
    });
    request.end(JSON.stringify({ action: 'probe.stream', params: { path } }));
  });
}

async function readToEnd(response: IncomingMessage): Promise<string> {
  let text = '';
  try {
    for await (const chunk of response.setEncoding('utf8')) text += chunk;
  } catch {
    text += '[cut]';
  }
  return text;
}

/** One piece of a body, then silence; tells what happened, in order. */
function silentAfterFirst(order: string[]) {
  return async ({ response, signal }: FaultExchange) => {
    response.writeHead(200, { 'content-type': 'application/octet-stream' }).write('first');
    order.push('sent');
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
    order.push('closed');
  };
}

await describeEachStore((environment) => {
  const start = (options: Parameters<typeof startTestHub>[1]) => startWith(environment(), options);

  describe('a caller that hangs up', { timeout: 120_000 }, () => {
    it('cuts the request to the provider at once: the clock of the hub stands still meanwhile', async () => {
      const clock = createFakeClock(new Date());
      const { hub, id } = await start({ clock });
      const order: string[] = [];
      provider.on('GET', '/stream', silentAfterFirst(order));
      const { leave } = await openStream(hub, id, '/stream');
      const before = clock.monotonicMs();

      order.push('left');
      leave();

      await expect.poll(() => order, { timeout: 30_000 }).toEqual(['sent', 'left', 'closed']);
      expect(clock.monotonicMs()).toBe(before);
    });
  });

  describe('a hub that stops', { timeout: 120_000 }, () => {
    it('lets calls end that end in time', async () => {
      const { hub, id } = await start({ stopBounds: { graceMs: 60_000 } });
      const goOn = Promise.withResolvers<void>();
      provider.on('GET', '/slow', async ({ response }) => {
        response.writeHead(200, { 'content-type': 'application/octet-stream' }).write('first');
        await goOn.promise;
        response.end('last');
      });
      const { response } = await openStream(hub, id, '/slow');
      const read = readToEnd(response);

      const stopping = hub.stop();
      hubs.length = 0;
      goOn.resolve();

      expect(await read).toMatch(/"chunk":"last".*event: complete/s);
      await stopping;
    });

    it('ends those that do not by an error event that may be tried again, cuts readers that take nothing, and is over', async () => {
      const { hub, id } = await start({ stopBounds: { graceMs: 100, cutMs: 2_000 } });
      const order: string[] = [];
      provider.on('GET', '/stream', silentAfterFirst(order));
      provider.on('GET', '/silent', respond.never());
      provider.on('GET', '/endless', async ({ response, signal }) => {
        response.writeHead(200, { 'content-type': 'application/octet-stream' });
        const piece = Buffer.alloc(256 * 1024, 'a');
        while (!signal.aborted) {
          if (response.write(piece)) continue;
          await new Promise<void>((resolve) => {
            response.once('drain', resolve);
            signal.addEventListener('abort', () => resolve(), { once: true });
          });
        }
      });
      const reading = readToEnd((await openStream(hub, id, '/stream')).response);
      const idle = await openStream(hub, id, '/endless');
      const gone = new Promise((resolve) => idle.response.once('close', resolve));
      const plain = hub.call('POST', `/api/v1/connectors/instances/${id}/execute`, {
        action: 'probe.read',
        params: { path: '/silent' },
      });
      await expect
        .poll(() => provider.requests.filter(({ path }) => path === '/silent').length, { timeout: 30_000 })
        .toBe(1);

      const stopping = hub.stop();
      hubs.length = 0;

      expect(await reading).toMatch(
        /event: error\ndata: \{"type":"error","error":\{"code":"unavailable","message":"The hub is stopping[^\n]*\n\n$/,
      );
      expect(await plain).toMatchObject({
        status: 503,
        body: { code: 'unavailable', retryable: true, error: { retryable: true } },
      });
      idle.response.resume();
      await gone;
      await stopping;
      await expect.poll(() => order, { timeout: 30_000 }).toEqual(['sent', 'closed']);
      expect(hub.logs.filter((line) => line.includes('took too long to stop'))).toEqual([]);
    });
  });
});
