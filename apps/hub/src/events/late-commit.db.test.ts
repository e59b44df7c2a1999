/** Numbers are handed out before commit: a reader that goes by them alone would skip what commits late. */
import { createId, type TenantId } from '@inthub/contracts';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { createTestTenant, type OpenTestDatabase, openTestDatabase } from '../database/testing.ts';
import { startTestBus, type TestBus } from './testing.ts';

let test: OpenTestDatabase;
let bus: TestBus;
let tenantId: TenantId;
let slow: pg.Client;

beforeAll(async () => {
  test = await openTestDatabase({ maxConnections: 6 });
});
afterAll(async () => {
  await test?.close();
});
beforeEach(async () => {
  tenantId = await createTestTenant(test.database);
  bus = await startTestBus({ test });
  slow = new pg.Client({ connectionString: test.url });
  await slow.connect();
});
afterEach(async () => {
  await bus.close();
  await slow.end();
});

const insert = async (client: pg.Client, type: string) => {
  await client.query(
    `INSERT INTO inthub.events (tenant_id, id, type, source, data, correlation_id, created_at) VALUES ($1, $2, $3, 'hub', '{}', 'c', now())`,
    [tenantId, createId(), type],
  );
};
const publish = (type: string) => bus.publish({ tenantId, type, source: 'hub', data: {}, correlationId: 'c' });
const patient = { timeout: 20_000, interval: 10 };

it('does not skip an event that commits after one with a higher number', async () => {
  const seen: string[] = [];
  await bus.subscribe('*', async ({ type }) => void seen.push(type), { consumer: 'late', ordered: true }).ready;
  await slow.query('BEGIN');
  await insert(slow, 'a.late');
  await publish('a.early');
  await publish('a.earlier');
  const status = async () => (await bus.consumers()).find(({ name }) => name === 'late');
  // The others are committed and visible, yet the reader waits for the gap to close.
  await expect.poll(status, patient).toMatchObject({ served: true, behind: 2 });
  expect(seen).toEqual([]);
  await slow.query('COMMIT');

  await expect.poll(() => seen, patient).toEqual(['a.late', 'a.early', 'a.earlier']);
});

it('does not hold back a replay, which reads once and never goes on', async () => {
  const since = '2026-01-01T00:00:00Z';
  await slow.query('BEGIN');
  await insert(slow, 'a.late');
  await publish('a.early');
  const replay = async () => {
    const seen: string[] = [];
    await bus.replay('*', since, async ({ type }) => void seen.push(type), { tenantId });
    return seen;
  };

  expect(await replay()).toEqual(['a.early']);
  await slow.query('COMMIT');
  expect(await replay()).toEqual(['a.late', 'a.early']);
});

it('would lose it if it went by the numbers alone', async () => {
  const naive = new pg.Client({ connectionString: test.url });
  await naive.connect();
  const seen: string[] = [];
  let last = '0';
  const read = async () => {
    const { rows } = await naive.query<{ type: string; seq: string }>(
      'SELECT type, seq::text FROM inthub.events WHERE tenant_id = $1 AND seq > $2 ORDER BY seq',
      [tenantId, last],
    );
    for (const { type, seq } of rows) {
      seen.push(type);
      last = seq;
    }
  };
  await slow.query('BEGIN');
  await insert(slow, 'a.late');
  await publish('a.early');
  await read();
  await slow.query('COMMIT');
  await read();
  await naive.end();

  expect(seen).toEqual(['a.early']);
});

it('forgets an event whose transaction is rolled back, and goes on', async () => {
  const seen: string[] = [];
  await bus.subscribe('*', async ({ type }) => void seen.push(type), { consumer: 'rolled-back' }).ready;
  await slow.query('BEGIN');
  await insert(slow, 'a.gone');
  await publish('a.kept');
  await slow.query('ROLLBACK');

  await expect.poll(() => seen, patient).toEqual(['a.kept']);
});
