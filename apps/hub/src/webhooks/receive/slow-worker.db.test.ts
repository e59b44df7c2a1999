/** A lease that ran out because somebody was slow says nothing of the delivery: only processes that are gone count. And what a worker holds. */
import { createHash } from 'node:crypto';
import type { TranslatedEvent } from '@inthub/connector-sdk';
import { createId, HubError, systemClock, type TenantId } from '@inthub/contracts';
import { createFakeClock, type FakeClock } from '@inthub/testing';
import pg from 'pg';
import { Registry } from 'prom-client';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { type Listener, startListener } from '../../database/database.ts';
import { createTestTenant, type OpenTestDatabase, openTestDatabase, silentLog } from '../../database/testing.ts';
import { createEventLog } from '../../events/events.ts';
import { packBodies } from './body-packs.ts';
import { createIngestMetrics } from './ingest-metrics.ts';
import { claimDeliveries, storeDeliveries } from './ingest-repository.ts';
import { createTranslator, leaseMs } from './translator.ts';

const event: TranslatedEvent = { type: 'acme.thing.made', data: {} };
let test: OpenTestDatabase;
let admin: pg.Client;
let tenantId: TenantId;
let clock: FakeClock;
let processes: Listener[];

beforeAll(async () => {
  test = await openTestDatabase();
  admin = new pg.Client({ connectionString: test.url });
  await admin.connect();
});
afterAll(async () => {
  await admin?.end();
  await test?.close();
});
beforeEach(async () => {
  await admin.query('DELETE FROM inthub.inbound_deliveries');
  tenantId = await createTestTenant(test.database);
  clock = createFakeClock(new Date());
  processes = [];
});
afterEach(() => end(processes));

/** As far as others can see it: somebody whose presence is shown until it is closed. */
async function startProcesses(count: number): Promise<readonly Listener[]> {
  const options = { url: test.url, name: 'slow', channels: {}, onMissed: () => undefined, log: silentLog };
  const started = await Promise.all(
    Array.from({ length: count }, () => startListener({ ...options, clock: systemClock })),
  );
  processes.push(...started);
  return started;
}
const end = (some: readonly Listener[]) => Promise.all(some.map((process) => process.close()));

async function store(): Promise<void> {
  const head = { tenantId, id: createId<string>(), integrationId: createId<string>(), endpointId: createId<string>() };
  const body = Buffer.from(head.id);
  const key = createHash('sha256').update(body).digest('hex');
  const rest = { webhookId: 'acme.things', receivedAt: clock.now(), externalId: null, kind: null, headers: [] };
  const lease = { lease: null };
  const packed = await packBodies([{ ...head, ...rest, body, key }]);
  await test.database.system('inthub_ingest', (tx) => storeDeliveries(tx, packed, lease));
}

/** Takes what is due, and loses it. @returns for how long it had it, milliseconds */
async function lose({ presence }: Listener): Promise<number> {
  const now = clock.now();
  const claim = { now, leaseMs, leaseId: createId<string>(), holder: presence, limit: 50 };
  expect(await test.database.system('inthub_ingest', (tx) => claimDeliveries(tx, claim))).toHaveLength(1);
  const { due_at } = await row();
  await clock.advance(due_at.getTime() - now.getTime());
  return due_at.getTime() - now.getTime();
}

const row = async () => {
  const { rows } = await admin.query<{ status: string; due_at: Date; lost_leases: number; lost_by: number[] }>(
    'SELECT status, due_at, lost_leases, lost_by FROM inthub.inbound_deliveries WHERE tenant_id = $1',
    [tenantId],
  );
  expect(rows).toHaveLength(1);
  return rows[0] as (typeof rows)[number];
};

function createWorker(
  translate: () => Promise<readonly TranslatedEvent[]>,
  { presence }: { presence: number },
  database = test.database,
) {
  return createTranslator({
    database,
    events: createEventLog({ database: test.database, clock }),
    clock,
    log: silentLog,
    registry: {
      find: () => ({ definition: { webhooks: [{ id: 'acme.things', events: [event.type], translate }] } }),
    } as never,
    findIntegration: (_tenantId, id) => ({ id, tenantId, connectorId: 'acme', connectorVersion: '1.0.0' }) as never,
    metrics: createIngestMetrics({ registry: new Registry() }, () => 0),
    isFlooded: () => false,
    presence,
  });
}
async function translateNow(): Promise<string> {
  const [own] = await startProcesses(1);
  await createWorker(async () => [event], own as Listener).runDue();
  return (await row()).status;
}

it('is tried again however often living processes have lost it, with ever more time', async () => {
  await store();
  const slow = await startProcesses(6);
  const had: number[] = [];
  for (const process of [...slow, ...slow]) had.push((await lose(process)) / 1_000);

  expect(had.slice(0, 8)).toEqual([15, 15, 30, 60, 120, 240, 240, 240]);
  expect(await row()).toMatchObject({ lost_leases: 11, lost_by: slow.map(({ presence }) => presence) });
  expect(await translateNow()).toBe('translated');
  expect(await row()).toMatchObject({ lost_leases: 0, lost_by: [] });
});

it('is dead when as many processes that have lost it are gone, and not before', async () => {
  await store();
  const holders = await startProcesses(6);
  for (const process of holders) await lose(process);
  await end(holders.slice(0, 4));

  // A process that takes it up once more finds out who is gone.
  let tried = 0;
  const hang = Promise.withResolvers<readonly TranslatedEvent[]>();
  const [taker] = await startProcesses(1);
  const worker = createWorker(() => {
    tried += 1;
    return hang.promise;
  }, taker as Listener);
  const trying = worker.runDue();
  await expect.poll(() => tried, { timeout: 20_000, interval: 10 }).toBe(1);
  await end(holders);
  await clock.advance(240_001);

  expect(await translateNow()).toBe('dead');
  hang.resolve([event]);
  expect(await trying).toBe(0);
  expect((await row()).status).toBe('dead');
});

it('is acquitted by a process that lives through it, also when that was too late to keep it', async () => {
  await store();
  const [late] = await startProcesses(1);
  const gate = Promise.withResolvers<readonly TranslatedEvent[]>();
  const begun = Promise.withResolvers<void>();
  const worker = createWorker(() => {
    begun.resolve();
    return gate.promise;
  }, late as Listener);
  const working = worker.runDue();
  await begun.promise;
  await clock.advance(leaseMs + 1);
  const gone = await startProcesses(5);
  for (const process of gone) await lose(process);
  await end(gone);
  expect((await row()).lost_by).toHaveLength(5);

  // What is due is claimed in the end: nobody holds it any more, and it has been lived through.
  gate.resolve([event]);
  await working;

  expect(await row()).toMatchObject({ status: 'translated', lost_by: [] });
});

it('does not count against itself what a process takes up again', async () => {
  await store();
  const [only] = await startProcesses(1);
  for (let i = 0; i < 3; i += 1) await lose(only as Listener);

  expect(await row()).toMatchObject({ lost_leases: 2, lost_by: [] });
});

it('waits for its lease to run out when nobody knows whether its outcome was saved', async () => {
  await store();
  const [own] = await startProcesses(1);
  let works = 0;
  const broken: typeof test.database = {
    ...test.database,
    tenant(id, work) {
      works += 1;
      const lost = new HubError('unavailable', 'The database went away while it was saving.', { retryable: false });
      // The first one reads what was claimed.
      return works === 2 ? Promise.reject(lost) : test.database.tenant(id, work);
    },
  };
  expect(await createWorker(async () => [event], own as Listener, broken).runDue()).toBe(0);
  expect((await row()).status).toBe('pending');
  await clock.advance(leaseMs + 1);
  expect(await translateNow()).toBe('translated');
});

it('claims ahead behind a backlog, translates each once and gives back what it has not begun with when it stops', async () => {
  for (let i = 0; i < 120; i += 1) await store();
  const [own] = await startProcesses(1);
  let translated = 0;
  const secondBatch = Promise.withResolvers<void>();
  const worker = createWorker(async () => {
    translated += 1;
    if (translated > 50) secondBatch.resolve();
    return [event];
  }, own as Listener);
  worker.start();
  await secondBatch.promise;
  await worker.stop();

  const { rows } = await admin.query<{ status: string; held: number; count: number }>(
    `SELECT status, count(lease_id)::int AS held, count(*)::int FROM inthub.inbound_deliveries WHERE tenant_id = $1
     GROUP BY status ORDER BY status`,
    [tenantId],
  );
  expect(rows.every(({ held }) => held === 0)).toBe(true);
  expect(rows.reduce((sum, { count }) => sum + count, 0)).toBe(120);
  expect(rows.find(({ status }) => status === 'translated')?.count).toBe(translated);

  const [other] = await startProcesses(1);
  const rest = createWorker(async () => [event], other as Listener);
  expect(await rest.runDue()).toBe(120 - translated);
  const { rows: events } = await admin.query<{ made: number }>(
    'SELECT count(DISTINCT original_webhook_id)::int AS made FROM inthub.events WHERE tenant_id = $1',
    [tenantId],
  );
  expect(events).toEqual([{ made: 120 }]);
});
