/** Attempts are counted before they are made; what was stopped in good order does not count. */
import type { TenantId } from '@inthub/contracts';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTestTenant, type OpenTestDatabase, openTestDatabase } from '../database/testing.ts';
import { startTestBus } from './testing.ts';

const patient = { timeout: 20_000, interval: 20 };
let test: OpenTestDatabase;
let admin: pg.Client;
let tenantId: TenantId;

beforeAll(async () => {
  test = await openTestDatabase({ maxConnections: 6 });
  admin = new pg.Client({ connectionString: test.url });
  await admin.connect();
  tenantId = await createTestTenant(test.database);
});
afterAll(async () => {
  await admin?.end();
  await test?.close();
});

it('takes back the start of what never began when the hub stops, and counts what began', async () => {
  const bus = await startTestBus({ test });
  const held = Promise.withResolvers<void>();
  const begun: unknown[] = [];
  let failures = 0;
  const stop = bus.subscribe(
    '*',
    async ({ data }) => {
      if (failures < 2) {
        failures += 1;
        throw new Error('not yet');
      }
      begun.push(data['n']);
      await held.promise;
    },
    { consumer: 'starts', concurrency: 1, retryDelaysMs: [1] },
  );
  await stop.ready;
  await bus.publishAll(
    tenantId,
    [1, 2].map((n) => ({ type: 'start.tested', source: 'hub', data: { n }, correlationId: 'c' })),
  );
  const starts = async () => {
    const { rows } = await admin.query<{ n: number; starts: number; attempts: number }>(
      "SELECT (event->'data'->>'n')::int AS n, starts, attempts FROM inthub.bus_redeliveries ORDER BY n",
    );
    return rows;
  };
  await expect.poll(async () => (await starts()).map((row) => row.starts), patient).toEqual([1, 1]);
  await expect.poll(() => begun.length, patient).toBe(1);

  const stopped = stop();
  held.resolve();
  await stopped;

  const [left] = await starts();
  expect(await starts()).toEqual([{ n: begun[0] === 1 ? 2 : 1, starts: 0, attempts: 1 }]);
  expect(begun).not.toContain(left?.n);
  await bus.close();
});
