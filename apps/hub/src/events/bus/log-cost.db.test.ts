import { afterAll, beforeAll, expect, it } from 'vitest';
import { type MeasuredDatabase, openMeasuredDatabase } from '../../database/testing.ts';
import { type LogPosition, logStart, selectLog } from './log-repository.ts';

let test: MeasuredDatabase;
beforeAll(async () => {
  test = await openMeasuredDatabase();
});
afterAll(() => test?.close());

const read = (after: LogPosition) =>
  test.database.system('inthub_relay', (tx) => selectLog(tx, { after, pattern: 'any', limit: 10 }));

async function write(count: number): Promise<void> {
  await test.admin.query(
    `INSERT INTO inthub.events (tenant_id, id, type, source, data, correlation_id, created_at)
     SELECT $1, gen_random_uuid(), 'acme.thing.made', 's', '{}', 'c', now() FROM generate_series(1, $2::int)`,
    [test.tenantId, count],
  );
}

/** Others' transactions on the same server may hold back the newest for a moment. */
const settled = (after: LogPosition, count: number) =>
  expect.poll(async () => (await read(after)).entries, { timeout: 30_000 }).toHaveLength(count);

it('reads a page of the log at the cost of that page, wherever it stands, whatever the statement was planned for', async () => {
  for (let round = 0; round < 12; round += 1) await read(logStart);
  await write(20_000);
  await settled(logStart, 10);
  const { rows } = await test.admin.query<LogPosition>(
    'SELECT xact_id::text AS "xactId", seq::text FROM inthub.events ORDER BY xact_id DESC, seq DESC OFFSET 15 LIMIT 1',
  );
  const place = rows[0] ?? logStart;
  const looked = () => test.pagesRead(['events']);
  const before = await looked();
  for (let round = 0; round < 10; round += 1) expect((await read(place)).entries).toHaveLength(10);
  expect((await looked()) - before).toBeLessThan(10 * 40);
});
