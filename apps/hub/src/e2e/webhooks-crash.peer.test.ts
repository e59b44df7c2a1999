import { createServer, type Server } from 'node:http';
import { createId } from '@inthub/contracts';
import { findFreePort } from '@inthub/testing';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CrashRig, rounds, startCrashRig } from './crash-rig.ts';

// Hub and PostgreSQL, both killed at their busiest. For long: `npm run crash:dispatch -- --rounds 50`.
const eventsARound = 120;
/** A dead worker's leases last 10 s; the rest is for a machine that is busy. */
const patience = { timeout: 120_000, interval: 100 };

let rig: CrashRig;
let pool: pg.Pool;
let sinkPort: number;
let sink: Server;
let tenantId: string;
/** Event → the webhook-ids that it came under, and how often. */
const arrived = new Map<string, { ids: Set<string>; times: number }>();
const published: string[] = [];

async function startSink(): Promise<void> {
  sink = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { id } = JSON.parse(Buffer.concat(chunks).toString());
      const known = arrived.get(id) ?? { ids: new Set(), times: 0 };
      known.ids.add(String(request.headers['webhook-id']));
      known.times += 1;
      arrived.set(id, known);
      response.writeHead(204).end();
    });
  });
  await new Promise<void>((resolve) => sink.listen(sinkPort, '127.0.0.1', resolve));
}

async function stopSink(): Promise<void> {
  const closed = new Promise((resolve) => sink.close(resolve));
  sink.closeAllConnections();
  await closed;
}

/** As another replica publishes: a row, committed, and a word of it. Asked again until the server has said that it is there. */
async function publish(id: string): Promise<void> {
  const at = new Date().toISOString();
  for (let tries = 0; tries < 300; tries += 1) {
    try {
      await pool.query(
        `INSERT INTO inthub.events (tenant_id, id, type, source, data, correlation_id, created_at)
          VALUES ($1, $2, 'crash.happened', 'hub', '{"n":1}', 'crash', $3) ON CONFLICT DO NOTHING`,
        [tenantId, id, at],
      );
      await pool.query(`SELECT pg_notify('inthub_events', '0 *')`);
      return;
    } catch {
      // The server is coming up again.
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  throw new Error('PostgreSQL did not come back');
}

async function publishMany(count: number): Promise<void> {
  for (let sent = 0; sent < count; sent += 10) {
    const ids = Array.from({ length: 10 }, () => createId<string>());
    await Promise.all(ids.map(publish));
    published.push(...ids);
  }
}

const arrivals = () => published.filter((id) => arrived.has(id)).length;

beforeAll(async () => {
  sinkPort = await findFreePort();
  await startSink();
  rig = await startCrashRig('webhooks-crash', { HUB_EGRESS_ALLOW: '127.0.0.1' });
  pool = new pg.Pool({ connectionString: rig.postgres.adminUrl, max: 10 });
  pool.on('error', () => {});
  tenantId = (await pool.query('SELECT id FROM inthub.tenants LIMIT 1')).rows[0].id;
  await rig.call('POST', '/connectors/webhooks', {
    url: `http://127.0.0.1:${sinkPort}/hook`,
    events: ['crash.happened'],
    limits: { concurrency: 16 },
    retryPolicy: { backoffMs: Array.from({ length: 20 }, () => 1_000), jitter: 0 },
  });
});
afterAll(async () => {
  await pool?.end();
  await stopSink();
  await rig?.stop();
});

describe('deliveries', () => {
  it(
    `survive kill -9 of the hub in the middle of dispatch, ${rounds} times`,
    async () => {
      for (let round = 0; round < rounds; round += 1) {
        const before = arrivals();
        const publishing = publishMany(eventsARound);
        // Somewhere in the middle: later each round, from the first arrival to nearly the last.
        const goal = before + 1 + Math.floor((eventsARound * 0.8 * round) / Math.max(1, rounds - 1));
        await expect.poll(arrivals, patience).toBeGreaterThanOrEqual(goal);
        rig.killHub();
        await rig.hub.ended;
        await publishing;
        await rig.startHub();
      }
      await expect.poll(arrivals, patience).toBe(published.length);
    },
    600_000 * Math.max(1, rounds / 3),
  );

  it('survive a crash of PostgreSQL', async () => {
    const before = arrivals();
    const publishing = publishMany(eventsARound);
    await expect.poll(arrivals, patience).toBeGreaterThan(before);
    // The server ends all its processes and recovers when one of them was killed.
    const { rows } = await pool.query(`SELECT pid FROM pg_stat_activity WHERE application_name = 'inthub' LIMIT 1`);
    process.kill(rows[0].pid, 'SIGKILL');
    await publishing;
    await expect.poll(arrivals, patience).toBe(published.length);
    expect(rig.hub.exited).toBe(false);
  }, 300_000);

  it('wait for an endpoint that is down, and arrive when it is back', async () => {
    const before = arrivals();
    await stopSink();
    await publishMany(30);
    await expect
      .poll(async () => (await pool.query('SELECT failing FROM inthub.webhook_endpoints')).rows[0]?.failing, patience)
      .toBe(true);
    expect(arrivals()).toBe(before);
    await startSink();
    await expect.poll(arrivals, patience).toBe(published.length);
  }, 300_000);

  it('carry the same webhook-id however often they come, and end in the history once', async () => {
    const remaining = async () =>
      (await pool.query('SELECT count(*)::int AS n FROM inthub.webhook_queue')).rows[0].n as number;
    await expect.poll(remaining, patience).toBe(0);
    const { rows } = await pool.query(
      `SELECT count(*)::int AS n, count(DISTINCT event_id)::int AS events FROM inthub.webhook_deliveries WHERE status = 'delivered'`,
    );

    expect(rows).toEqual([{ n: published.length, events: published.length }]);
    expect([...arrived.values()].filter(({ ids }) => ids.size !== 1)).toEqual([]);
  }, 300_000);
});
