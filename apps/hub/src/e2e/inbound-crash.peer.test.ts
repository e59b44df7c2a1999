import { join } from 'node:path';
import { createId } from '@inthub/contracts';
import {
  createTemporaryDirectory,
  type EmbeddedServer,
  findFreePort,
  type StartedChild,
  startChild,
  startEmbeddedServer,
  waitUntilReady,
} from '@inthub/testing';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

// The built hub as a process of its own on a durable PostgreSQL, killed while deliveries pour in. `npm test` builds it first.
// Rounds: 3 in CI; `npm run crash:ingest -- --rounds 50` for long.
const rounds = Number(process.env['INTHUB_CRASH_ROUNDS'] ?? 3);
const main = join(import.meta.dirname, '../../dist/main.js');
const key = 'crash-admin-key-0123456789abcdef0123456789';
const senders = 8;
/** A dead worker's leases last 15 s; the rest is for a machine that is busy. */
const patience = { timeout: 180_000, interval: 500 };

const data = createTemporaryDirectory('inbound-crash');
let postgres: EmbeddedServer;
let port: number;
let hub: StartedChild;
let integrationId: string;
let target: { path: string; secret: string };
/** Message ids that the hub has answered with 2xx. */
const acknowledged = new Set<string>();

async function start(): Promise<void> {
  hub = await startChild({
    command: process.execPath,
    args: [main],
    env: {
      PATH: process.env['PATH'] ?? '',
      HUB_PORT: String(port),
      HUB_DATA_DIR: join(data.path, 'hub'),
      HUB_BOOTSTRAP_API_KEY: key,
      DATABASE_URL: postgres.adminUrl,
      LOG_LEVEL: 'error',
    },
  });
  const isReady = () => (hub.logs().includes('is ready at') ? true : undefined);
  await waitUntilReady(hub, { name: 'hub', probe: isReady, timeoutMs: 120_000 });
}

async function call(method: string, path: string, body?: unknown) {
  const response = await fetch(`http://127.0.0.1:${port}/api/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  // biome-ignore lint/suspicious/noExplicitAny: bodies of every shape.
  return JSON.parse(text) as any;
}

/** Sends one; true when it was acknowledged, false when the hub was gone or refused for the moment. */
async function send(id: string): Promise<boolean> {
  const body = JSON.stringify({ type: 'order.paid', data: { id, text: 'x'.repeat(4_000) } });
  const now = new Date();
  const headers = {
    'content-type': 'application/json',
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
    'webhook-signature': new Webhook(target.secret).sign(id, now, body),
  };
  try {
    const response = await fetch(`http://127.0.0.1:${port}${target.path}`, { method: 'POST', headers, body });
    await response.arrayBuffer();
    if (response.ok) acknowledged.add(id);
    return response.ok;
  } catch {
    return false;
  }
}

/** Sends until the hub dies: each sender stops at its first failure. Tells how many were acknowledged. */
async function pour(untilKilled: (acknowledgedNow: number) => void): Promise<number> {
  let count = 0;
  const lane = async () => {
    while (await send(createId<string>())) {
      count += 1;
      untilKilled(count);
    }
  };
  await Promise.all(Array.from({ length: senders }, lane));
  return count;
}

/** How often each message has become an event. */
async function eventsByMessage(): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  let cursor: string | null = null;
  do {
    const query: string = `limit=500${cursor === null ? '' : `&cursor=${cursor}`}`;
    const page = await call('GET', `/connectors/instances/${integrationId}/events?${query}`);
    for (const { type, data: event } of page.items) {
      if (type === 'webhook.event.received') found.set(event.id, (found.get(event.id) ?? 0) + 1);
    }
    cursor = page.nextCursor;
  } while (cursor !== null);
  return found;
}

beforeAll(async () => {
  postgres = await startEmbeddedServer({ durable: true });
  port = await findFreePort();
  await start();
  const config = { endpoint: 'http://webhook.invalid', authMode: 'none' };
  ({ id: integrationId } = await call('POST', '/integrations', { type: 'custom.webhook', name: 'receiver', config }));
  await call('POST', `/integrations/${integrationId}/submit`, {});
  await call('POST', `/integrations/${integrationId}/test`, {});
  const endpoint = await call('POST', `/integrations/${integrationId}/webhooks`, {});
  target = { path: new URL(endpoint.url).pathname, secret: endpoint.secret };
}, 180_000);
afterAll(async () => {
  await hub?.stop();
  await postgres?.stop();
  data.remove();
});

describe('deliveries while the hub is killed', () => {
  it(`become their events exactly once, whatever was acknowledged, in ${rounds} rounds`, {
    timeout: 240_000 + rounds * 60_000,
  }, async () => {
    for (let round = 0; round < rounds; round += 1) {
      // Another place each time: from the first batches to deep in the flood.
      const killAfter = 5 + ((round * 37) % 200);
      let isKilled = false;
      const count = await pour((acknowledgedNow) => {
        if (isKilled || acknowledgedNow < killAfter) return;
        isKilled = true;
        process.kill(hub.pid, 'SIGKILL');
      });
      await hub.ended;
      expect(count).toBeGreaterThanOrEqual(killAfter);
      await start();
    }

    const missing = async () => {
      const found = await eventsByMessage();
      return [...acknowledged].filter((id) => !found.has(id));
    };
    await expect.poll(missing, patience).toEqual([]);
    const twice = [...(await eventsByMessage())].filter(([, times]) => times > 1);
    expect(twice).toEqual([]);
    // Sent again, as a provider does that has not seen the answer: nothing happens a second time.
    const [again] = acknowledged;
    expect(await send(again as string)).toBe(true);
    expect((await eventsByMessage()).get(again as string)).toBe(1);
  });
});
