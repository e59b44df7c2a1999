import { createId, type TenantId } from '@inthub/contracts';
import { sql } from 'kysely';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SystemTx } from '../../database/database.ts';
import { createTestTenant, type OpenTestDatabase, openTestDatabase } from '../../database/testing.ts';
import { readLeased, returnLeased, settleLeased } from './delivery-repository.ts';
import { claimDeliveries } from './ingest-repository.ts';

let test: OpenTestDatabase;
let tenantId: TenantId;
beforeAll(async () => {
  // One connection, so that the statements are planned once, while their tables are empty.
  test = await openTestDatabase({ maxConnections: 1 });
  tenantId = await createTestTenant(test.database);
});
afterAll(() => test.close());

const now = new Date();
const limit = 20;

/** Rows of deliveries that this connection has looked at since it told the server's statistics. */
async function rowsRead({ db }: Pick<SystemTx, 'db'>): Promise<number> {
  const { rows } = await sql<{ read: number }>`SELECT sum(seq_tup_read + coalesce(idx_tup_fetch, 0))::int AS read
    FROM pg_stat_xact_all_tables WHERE relname LIKE 'inbound_deliveries%'`.execute(db);
  return rows[0]?.read ?? 0;
}

/** Claims, reads, settles half of a batch and gives the rest back; how many rows each of these looked at. */
async function workOff(): Promise<{ readonly found: number; readonly read: readonly number[] }> {
  const leaseId = createId<string>();
  const read: number[] = [];
  async function counted<Result>(tx: Pick<SystemTx, 'db'>, work: () => Promise<Result>): Promise<Result> {
    const before = await rowsRead(tx);
    const result = await work();
    read.push((await rowsRead(tx)) - before);
    return result;
  }
  const claims = await test.database.system('inthub_ingest', (tx) =>
    counted(tx, () => claimDeliveries(tx, { now, leaseMs: 1, leaseId, holder: 1, limit })),
  );
  const settlements = claims.slice(0, limit / 2).map(({ id, receivedAt }) => ({
    id,
    receivedAt,
    status: 'translated' as const,
    attempts: 1,
    eventTypes: ['acme.thing.made'],
    error: null,
    dueAt: now,
  }));
  await test.database.tenant(tenantId, (tx) => counted(tx, () => readLeased(tx, leaseId, claims)));
  await test.database.tenant(tenantId, (tx) => counted(tx, () => settleLeased(tx, leaseId, settlements, now)));
  const rest = claims.slice(limit / 2);
  await test.database.tenant(tenantId, (tx) => counted(tx, () => returnLeased(tx, leaseId, rest, now)));
  return { found: claims.length, read };
}

async function store(client: pg.Client, count: number): Promise<void> {
  await client.query(
    `INSERT INTO inthub.inbound_deliveries (tenant_id, id, integration_id, endpoint_id, webhook_id, received_at, headers, body_bytes, due_at)
     SELECT $1, gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 'acme.things', $2::timestamptz - n * interval '1 ms', '[]', 0, $2
     FROM generate_series(1, $3::int) AS n`,
    [tenantId, now, count],
  );
}

describe('a batch of deliveries', () => {
  it('costs what it holds, however many others wait, whatever its statements were planned for', async () => {
    const client = new pg.Client({ connectionString: test.url });
    await client.connect();
    for (let round = 0; round < 12; round += 1) {
      await store(client, limit / 2);
      await workOff();
    }
    await store(client, 5_000);
    await client.end();
    const { found, read } = await workOff();
    expect(found).toBe(limit);
    expect(Math.max(...read)).toBeLessThan(10 * limit);
  });
});
