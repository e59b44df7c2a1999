import type { TenantId } from '@inthub/contracts';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTestTenant, type OpenTestDatabase, openTestDatabase, pagesRead } from '../../database/testing.ts';
import { type LogPosition, logStart, selectLog } from './log-repository.ts';

let test: OpenTestDatabase;
let client: pg.Client;
let tenantId: TenantId;
beforeAll(async () => {
  // One connection, so that the statement is planned once, while the log is empty.
  test = await openTestDatabase({ maxConnections: 1 });
  tenantId = await createTestTenant(test.database);
  client = new pg.Client({ connectionString: test.url });
  await client.connect();
});
afterAll(async () => {
  await client?.end();
  await test?.close();
});

const read = (after: LogPosition) =>
  test.database.system('inthub_relay', (tx) => selectLog(tx, { after, pattern: 'any', limit: 10 }));

async function write(count: number): Promise<void> {
  await client.query(
    `INSERT INTO inthub.events (tenant_id, id, type, source, data, correlation_id, created_at)
     SELECT $1, gen_random_uuid(), 'acme.thing.made', 's', '{}', 'c', now() FROM generate_series(1, $2::int)`,
    [tenantId, count],
  );
}

/** Others' transactions on the same server may hold back the newest for a moment. */
const settled = (after: LogPosition, count: number) =>
  expect.poll(async () => (await read(after)).entries, { timeout: 30_000 }).toHaveLength(count);

it('reads a page of the log at the cost of that page, wherever it stands, whatever the statement was planned for', async () => {
  for (let round = 0; round < 12; round += 1) await read(logStart);
  await write(20_000);
  await settled(logStart, 10);
  const { rows } = await client.query<LogPosition>(
    'SELECT xact_id::text AS "xactId", seq::text FROM inthub.events ORDER BY xact_id DESC, seq DESC OFFSET 15 LIMIT 1',
  );
  const place = rows[0] ?? logStart;
  const looked = () => pagesRead(test.database, client, ['events']);
  const before = await looked();
  for (let round = 0; round < 10; round += 1) expect((await read(place)).entries).toHaveLength(10);
  expect((await looked()) - before).toBeLessThan(10 * 40);
});
