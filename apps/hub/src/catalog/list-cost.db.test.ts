/** What a page costs in rows read, not in time: the same wherever it is, and for every filter. */
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { IntegrationFilter } from './catalog.ts';
import { type CatalogRig, openCatalogRig, type TenantRig } from './testing.ts';

const total = 6_000;
const limit = 50;
let rig: CatalogRig;
let tenant: TenantRig;

beforeAll(async () => {
  // One connection, so that one session has all the statistics.
  rig = await openCatalogRig({ maxConnections: 1 });
  tenant = await rig.tenant();
  await rig.superuser.query(
    `INSERT INTO inthub.integrations (tenant_id, id, type, category, connector_id, connector_version, name, config,
       environment, owner_id, tags, status, health, features, rate_limits, created_at, created_by, modified_at, modified_by)
     SELECT $1, gen_random_uuid(), 'type.' || n % 7, 'category' || n % 5, 'c' || n % 5, '1.0.0', 'name ' || lpad(n::text, 6, '0'),
       '{}', 'env' || n % 9, 'owner' || n % 11, ARRAY['tag' || n % 13, 'all'],
       (ARRAY['draft', 'active', 'failed', 'paused', 'degraded'])[1 + n % 5],
       (ARRAY['unknown', 'healthy', 'unhealthy', 'degraded'])[1 + n % 4], '{}', '{}', now(), 'x', now(), 'x'
     FROM generate_series(1, $2) AS n`,
    [tenant.id, total],
  );
  await rig.superuser.query('VACUUM ANALYZE inthub.integrations, inthub.integration_tags');
});
afterAll(async () => {
  await rig?.close();
});

it.each<IntegrationFilter>([
  {},
  { type: 'type.3' },
  { category: 'category2' },
  { connector: 'c2' },
  { environment: 'env1' },
  { owner: 'owner5' },
  { health: 'healthy' },
  { status: 'failed' },
  { tag: 'tag7' },
  { tag: 'all' },
])('each page of %o reads its own rows and no others', async (filter) => {
  const costs: number[] = [];
  let cursor: string | null = null;
  do {
    const before = await rowsRead();
    const page = await tenant.catalog.list(tenant.id, filter, { limit, ...(cursor === null ? {} : { cursor }) });
    costs.push((await rowsRead()) - before);
    cursor = page.nextCursor;
  } while (cursor !== null);

  expect(costs.length).toBeGreaterThan(5);
  // The row beyond the page tells that there is a next one.
  expect(Math.max(...costs)).toBeLessThanOrEqual(limit + 1);
});

/** Rows of the table that were read so far. */
async function rowsRead(): Promise<number> {
  await rig.database.tenant(tenant.id, ({ db }) => sql`SELECT pg_stat_force_next_flush()`.execute(db));
  const { rows } = await rig.superuser.query(
    `SELECT seq_tup_read + coalesce(idx_tup_fetch, 0) AS read FROM pg_stat_user_tables
     WHERE schemaname = 'inthub' AND relname = 'integrations'`,
  );
  return Number(rows[0].read);
}
