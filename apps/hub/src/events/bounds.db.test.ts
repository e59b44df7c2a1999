/** What waits does not pile up in memory. */
import type { IntegrationEvent, TenantId } from '@inthub/contracts';
import pg from 'pg';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createTestTenant, type OpenTestDatabase, openTestDatabase } from '../database/testing.ts';
import { createEventStreams } from './event-streams.ts';
import { startTestBus, type TestBus } from './testing.ts';

/** For a longer run: INTHUB_BACKLOG=1000000. */
const backlog = Number(process.env['INTHUB_BACKLOG'] ?? 15_000);
const patient = { timeout: 60_000, interval: 50 };
let test: OpenTestDatabase;
let bus: TestBus;
let tenantId: TenantId;

beforeEach(async () => {
  test = await openTestDatabase({ maxConnections: 6 });
  tenantId = await createTestTenant(test.database);
  bus = await startTestBus({ test });
});
afterEach(async () => {
  await bus.close();
  await test.close();
});

/** As fast as the server can. */
async function fill(count: number, bytes: number): Promise<void> {
  const admin = new pg.Client({ connectionString: test.url });
  await admin.connect();
  await admin.query(
    `INSERT INTO inthub.events (tenant_id, id, type, source, data, correlation_id, created_at)
     SELECT $1, gen_random_uuid(), 'a.b', 's' || n % 10, jsonb_build_object('n', n, 'text', repeat('x', $3)), 'c', now()
     FROM generate_series(1, $2::int) n`,
    [tenantId, count, bytes],
  );
  await admin.end();
}

it('holds a bounded part of a long queue in memory, and gets through it', { timeout: 120_000 + backlog }, async () => {
  const bytes = 8_000;
  await fill(backlog, bytes);
  const gate = Promise.withResolvers<void>();
  let handled = 0;
  const before = process.memoryUsage().heapUsed;
  const handle = async () => {
    await gate.promise;
    handled += 1;
  };
  bus.subscribe('*', handle, { consumer: 'slow', from: 'beginning', concurrency: 4 });
  const behind = async () => (await bus.consumers()).find(({ name }) => name === 'slow');
  await expect.poll(behind, patient).toMatchObject({ served: true, behind: Math.min(backlog, 10_000) });
  // Four are under way, 1 000 are read ahead; the queue itself would be well over 100 MB.
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(60_000_000);
  gate.resolve();

  await expect.poll(() => handled, { timeout: 60_000 + backlog, interval: 50 }).toBe(backlog);
});

it('cuts off a reader of the live stream who is too slow, and says so', { timeout: 90_000 }, async () => {
  const streams = createEventStreams({ database: test.database, tail: bus.tail });
  const slow = await streams.open(tenantId, {});
  const quick = await streams.open(tenantId, { type: 'a.*' });
  const got: IntegrationEvent[] = [];
  const reading = (async () => {
    for await (const item of quick.items) if (item.kind === 'event') got.push(item.event);
  })();
  await fill(1_500, 10);
  await expect.poll(() => got.length, patient).toBe(1_500);

  expect((await slow.items.next()).value).toEqual({ kind: 'cut_off', reason: 'too_slow' });
  expect((await slow.items.next()).done).toBe(true);
  expect(got.map(({ data }) => data['n'])).toEqual(Array.from({ length: 1_500 }, (_, index) => index + 1));
  slow.stop();
  quick.stop();
  await reading;
});
