/**
 * `npm run queue:dispatch -- --deliveries 1000000`: puts so many deliveries of a dead endpoint into the queue, and shows that the hub's memory
 * stays flat and that another endpoint's deliveries still flow. The endpoint refuses connections and its subscription stays active, so the hub
 * goes on trying it, as its circuit allows. Ends with 1 when memory grew by more than `--most` MB or when a delivery to the other
 * endpoint is missing.
 *
 * `--by hub` (default): events are written to the log and the hub queues them itself. `--by sql`: rows of the same shape, with their
 * events, put into the queue behind the hub's back. `--flow 300`: deliveries to the other endpoint.
 */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { parseArgs } from 'node:util';
import { startEmbeddedServer } from '@inthub/testing';
import pg from 'pg';
import { wait } from '../gateway/load.ts';
import { startProcess } from '../gateway/start-process.ts';
import { quantile } from '../gateway/statistics.ts';
import { insertDeadEvents, publishOne, queueDead, startAnnouncer } from './events.ts';

const { values } = parseArgs({
  options: {
    deliveries: { type: 'string', default: '100000' },
    by: { type: 'string', default: 'hub' },
    flow: { type: 'string', default: '300' },
    most: { type: 'string', default: '250' },
  },
});
const [deliveries, flow, most] = [values.deliveries, values.flow, values.most].map(Number) as [number, number, number];
if (values.by !== 'hub' && values.by !== 'sql') throw new Error('--by is hub or sql.');
const chunk = 20_000;
const settleMs = 10_000;

const postgres = await startEmbeddedServer({ durable: true });
const sink = await startProcess(new URL('./processes/sink.ts', import.meta.url));
const hub = await startProcess(new URL('./processes/hub.ts', import.meta.url), {
  args: [postgres.adminUrl],
});
const pool = new pg.Pool({ connectionString: postgres.adminUrl, max: 4 });
try {
  process.exitCode = (await run()) ? 0 : 1;
} finally {
  await pool.end();
  await hub.stop();
  await sink.stop();
  await postgres.stop();
}

async function run(): Promise<boolean> {
  const tenantId = (await pool.query('SELECT id FROM inthub.tenants LIMIT 1')).rows[0].id as string;
  await subscribe(`http://127.0.0.1:${sink.facts['port']}/timed`, 'bench.timed');
  const dead = await subscribe(`http://127.0.0.1:${await closedPort()}/dead`, 'bench.dead');
  // Warm: what the first deliveries load is not what is asked about.
  await deliver(tenantId, flow);
  const before = memoryMb();
  const memory = watchMemory();

  const startedMs = performance.now();
  for (let left = deliveries; left > 0; left -= chunk) {
    const count = Math.min(left, chunk);
    if (values.by === 'hub') await insertDeadEvents(pool, { tenantId, count });
    else await queueDead(pool, { tenantId, subscriptionId: dead, count });
    // The log is fed as fast as the hub queues, so that what is measured is a full queue and not a full log.
    while ((await depth(dead)) < deliveries - left) await wait(100);
  }
  while ((await depth(dead)) < deliveries || (await behind()) > 0) await wait(100);
  const seconds = (performance.now() - startedMs) / 1_000;

  const latencies = await deliver(tenantId, flow);
  await wait(settleMs);
  const peak = memory.stop();
  const after = memoryMb();
  const ms = (share: number) => quantile(latencies, share).toFixed(0);
  const { attempts, others } = await tried(dead);
  console.log(`Queued ${deliveries} deliveries of a dead endpoint by ${values.by} in ${seconds.toFixed(0)} s.`);
  console.log(`Memory of the hub (RSS): ${before} MB before, ${peak} MB peak, ${after} MB after.`);
  console.log(`Queue: ${await depth(dead)} of the dead endpoint (${attempts} tried so far), ${others} of others.`);
  console.log(
    `The other endpoint got ${latencies.length} of ${flow} deliveries meanwhile, p50 ${ms(0.5)} ms, p99 ${ms(0.99)} ms after publishing.`,
  );
  const isFlat = peak - before <= most;
  if (!isFlat) console.error(`Memory grew by ${peak - before} MB; at most ${most} are allowed.`);
  return isFlat && latencies.length === flow;
}

async function subscribe(url: string, type: string): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${hub.facts['port']}/api/v1/connectors/webhooks`, {
    method: 'POST',
    headers: { authorization: `Bearer ${hub.facts['key']}`, 'content-type': 'application/json' },
    body: JSON.stringify({ url, events: [type], retryPolicy: { preset: 'day' }, disabling: null }),
  });
  if (answer.status !== 201) throw new Error(`${answer.status} ${await answer.text()}`);
  return ((await answer.json()) as { id: string }).id;
}

/** Events that the hub has not looked at yet. */
async function behind(): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${hub.facts['port']}/api/v1/event-consumers`, {
    headers: { authorization: `Bearer ${hub.facts['key']}` },
  });
  const { items } = (await answer.json()) as { readonly items: readonly { name: string; behind: number }[] };
  return items.find(({ name }) => name === 'webhooks-out')?.behind ?? 0;
}

/** One on which nobody listens any more. */
async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

async function depth(subscriptionId: string): Promise<number> {
  const { rows } = await pool.query<{ count: number }>(
    'SELECT count(*)::int AS count FROM inthub.webhook_queue WHERE subscription_id = $1',
    [subscriptionId],
  );
  return rows[0]?.count ?? 0;
}

async function tried(subscriptionId: string): Promise<{ attempts: number; others: number }> {
  const { rows } = await pool.query<{ attempts: number; others: number }>(
    `SELECT count(*) FILTER (WHERE subscription_id = $1 AND attempts > 0)::int AS attempts,
      count(*) FILTER (WHERE subscription_id <> $1)::int AS others FROM inthub.webhook_queue`,
    [subscriptionId],
  );
  return rows[0] ?? { attempts: 0, others: 0 };
}

/** Publishes 30 events a second for the other endpoint. @returns how long each took to arrive, in ms; shorter when some did not within 30 s */
async function deliver(tenantId: string, count: number): Promise<readonly number[]> {
  const stats = async (path: string) => {
    const answer = await fetch(`http://127.0.0.1:${sink.facts['port']}${path}`);
    return (await answer.json()) as { readonly distinct: number; readonly latencies: readonly number[] };
  };
  await stats('/reset');
  const announcer = await startAnnouncer(new pg.Client({ connectionString: postgres.adminUrl }));
  for (let n = 0; n < count; n += 1) {
    await publishOne(pool, tenantId);
    announcer.tell();
    await wait(33);
  }
  await announcer.close();
  const endMs = performance.now() + 30_000;
  while ((await stats('/stats')).distinct < count && performance.now() < endMs) await wait(100);
  return (await stats('/stats')).latencies;
}

function memoryMb(): number {
  const kb = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${hub.pid}/status`, 'utf8'))?.[1];
  return Math.round(Number(kb) / 1_024);
}

function watchMemory(): { stop(): number } {
  let peak = memoryMb();
  const timer = setInterval(() => {
    peak = Math.max(peak, memoryMb());
  }, 200);
  return {
    stop() {
      clearInterval(timer);
      return Math.max(peak, memoryMb());
    },
  };
}
