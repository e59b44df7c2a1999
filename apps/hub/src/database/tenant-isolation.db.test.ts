/** API-4 proved on the catalogue of tables: whoever adds a table that lets one tenant see another cannot merge it. */
import { createId, type TenantId } from '@inthub/contracts';
import { CompiledQuery } from 'kysely';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { insertOf, makeSampleRow, readTableShapes, type SampleRow, type TableShape } from './sample-rows.ts';
import { systemRoles } from './tenant-scope.ts';
import { type OpenTestDatabase, openTestDatabase } from './testing.ts';

/** Tables without tenants' data. The application may at most read them. */
const withoutTenants = new Map([
  ['schema_migrations', 'which migrations ran'],
  ['catalog_types', 'which connector types the installed connectors offered last; written by the scheduler'],
  [
    'platform_model_prices',
    'what models cost by the operator’s own table, for every tenant; written by platform admins',
  ],
  ['retention_settings', 'how long things are kept, for the whole platform'],
  ['bus_identity', 'what this database is called on a NATS server'],
  ['bus_consumers', 'parts of the hub that read the fact log of all tenants, and how far they are'],
]);

/** Indexes that cannot lead with tenant_id, and why. */
const acrossTenants = new Map([
  ['tenants_slug_key', 'slugs are unique over all tenants'],
  ['api_keys_by_prefix', 'a key is presented before anybody knows its tenant'],
  ['events_in_order', 'consumers go through the log of all tenants in the order of commit'],
  ['expiries_due', 'what runs out next, over all tenants, read by the scheduler'],
  ['bus_redeliveries_due', 'a queue over all tenants, read by the relay'],
  ['bus_redeliveries_by_consumer', 'what a consumer that starts has to wait with, over all tenants'],
  ['bus_redeliveries_suspects', 'what may have ended a process, by consumer, over all tenants'],
  ['health_schedule_due', 'a queue over all tenants, read by the scheduler'],
  ['inbound_endpoints_by_integration', 'a delivery names its integration before anybody knows its tenant'],
  ['inbound_deliveries_due', 'a queue over all tenants, read by the workers that translate'],
  ['inbound_delivery_keys_expiry', 'what has expired is removed for all tenants together'],
  ['idempotency_keys_expiry', 'what has expired is removed for all tenants together'],
]);

const hubRoles = ['inthub_app', ...systemRoles];

let opened: OpenTestDatabase;
/** A superuser, who sees what is really there. */
let admin: pg.Client;
/** The application's role with no tenant set. */
let nobody: pg.Client;
let tables: readonly TableShape[];
const tenants = { a: createId<TenantId>(), b: createId<TenantId>() };
const rows = { a: new Map<string, SampleRow>(), b: new Map<string, SampleRow>() };

beforeAll(async () => {
  opened = await openTestDatabase();
  admin = new pg.Client({ connectionString: opened.url });
  nobody = new pg.Client({ connectionString: opened.url, options: '-c role=inthub_app' });
  await Promise.all([admin.connect(), nobody.connect()]);
  tables = (await readTableShapes(admin)).filter(({ name }) => !withoutTenants.has(name));
  for (const tenant of ['a', 'b'] as const) await fill(tenant);
});
afterAll(async () => {
  await Promise.all([admin?.end(), nobody?.end()]);
  await opened?.close();
});

/** One row in each table: as the application where it may insert, which also proves that its own rows are not refused. */
async function fill(tenant: 'a' | 'b'): Promise<void> {
  for (const table of tables) {
    const row = makeSampleRow(table, tenants[tenant], rows[tenant]);
    const { text, values } = insertOf(table, row);
    try {
      if (await mayInsert(table)) await asTenant(tenant, text, values);
      else await admin.query(text, values);
    } catch (error) {
      throw new Error(`No sample row could be made for ${table.name}: add what it needs to sample-rows.ts`, {
        cause: error,
      });
    }
    rows[tenant].set(table.name, row);
  }
}

async function mayInsert({ name }: TableShape): Promise<boolean> {
  return (
    one(await admin.query(`SELECT has_table_privilege('inthub_app', 'inthub.${name}', 'INSERT') AS yes`)).yes === true
  );
}

async function asTenant(tenant: 'a' | 'b', text: string, values: unknown[] = []): Promise<pg.QueryResultRow[]> {
  return opened.database.tenant(tenants[tenant], async ({ db }) => {
    const result = await db.executeQuery(CompiledQuery.raw(text, values));
    return result.rows as pg.QueryResultRow[];
  });
}

function one({ rows: found }: pg.QueryResult): pg.QueryResultRow {
  return found[0] as pg.QueryResultRow;
}

async function failure(run: Promise<unknown>): Promise<pg.DatabaseError> {
  const error = await run.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof pg.DatabaseError) return error;
  throw new Error('the database should have refused this', { cause: error });
}

const tenantColumn = ({ name }: { name: string }): string => (name === 'tenants' ? 'id' : 'tenant_id');
const insufficientPrivilege = '42501';

describe('every table', () => {
  it('is either a tenant table or on the list of those without tenants', async () => {
    const known = new Set([...tables.map(({ name }) => name), ...withoutTenants.keys()]);
    const { rows: found } = await admin.query<{ name: string }>(
      `SELECT c.relname AS name FROM pg_class c
      WHERE c.relnamespace = 'inthub'::regnamespace AND c.relkind IN ('r', 'p', 'f') AND NOT c.relispartition`,
    );

    expect(found.map(({ name }) => name).sort()).toEqual([...known].sort());
    expect(tables.length).toBeGreaterThan(8);
  });

  it('has row-level security, enabled and forced, with the one policy for the application; partitions too', async () => {
    const { rows: found } = await admin.query(
      `SELECT c.relname AS name, c.relrowsecurity AS enabled, c.relforcerowsecurity AS forced,
        COALESCE(root.relname, c.relname) AS of,
        (SELECT json_agg(json_build_array(p.polcmd, p.polpermissive, pg_get_expr(p.polqual, c.oid), pg_get_expr(p.polwithcheck, c.oid)))
          FROM pg_policy p WHERE p.polrelid = c.oid
            AND (p.polroles = '{0}' OR 'inthub_app'::regrole = ANY (p.polroles))) AS policies
      FROM pg_class c LEFT JOIN pg_class root ON c.relispartition AND root.oid = pg_partition_root(c.oid)
      WHERE c.relnamespace = 'inthub'::regnamespace AND c.relkind IN ('r', 'p') ORDER BY 1`,
    );
    const protectedTables = found.filter(({ of }) => !withoutTenants.has(of as string));

    expect(protectedTables.length).toBeGreaterThan(tables.length); // the partitions
    for (const { name, enabled, forced, of, policies } of protectedTables) {
      const isOwn = `(${tenantColumn({ name: of as string })} = inthub.current_tenant())`;
      expect({ name, enabled, forced, policies }).toEqual({
        name,
        enabled: true,
        forced: true,
        policies: [['*', true, isOwn, isOwn]],
      });
    }
  });

  it('leads its primary key and every index with the tenant', async () => {
    const { rows: found } = await admin.query<{ table: string; index: string; is_primary: boolean; first: string }>(
      `SELECT t.relname AS table, c.relname AS index, i.indisprimary AS is_primary, a.attname AS first
      FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid
      LEFT JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = i.indkey[0]
      WHERE t.relnamespace = 'inthub'::regnamespace AND NOT t.relispartition`,
    );
    const wrong = found.filter(
      ({ table, index, first }) =>
        !withoutTenants.has(table) && !acrossTenants.has(index) && first !== tenantColumn({ name: table }),
    );

    expect(wrong).toEqual([]);
    for (const { name } of tables)
      expect(
        found.filter(({ table, is_primary }) => table === name && is_primary),
        name,
      ).toHaveLength(1);
    const all = new Set(found.map(({ index }) => index));
    expect([...acrossTenants.keys()].filter((index) => !all.has(index))).toEqual([]);
  });

  it('belongs to none of the hub’s roles, and PUBLIC may do nothing with it', async () => {
    const owned = await admin.query(
      `SELECT relname FROM pg_class WHERE relnamespace = 'inthub'::regnamespace AND relowner::regrole::text = ANY ($1)
      UNION ALL SELECT proname FROM pg_proc WHERE pronamespace = 'inthub'::regnamespace AND proowner::regrole::text = ANY ($1)
      UNION ALL SELECT nspname FROM pg_namespace WHERE nspowner::regrole::text = ANY ($1)`,
      [hubRoles],
    );
    const open = await admin.query(
      `SELECT c.relname FROM pg_class c, aclexplode(c.relacl) x WHERE c.relnamespace = 'inthub'::regnamespace AND x.grantee = 0
      UNION ALL SELECT n.nspname FROM pg_namespace n, aclexplode(n.nspacl) x WHERE n.nspname = 'inthub' AND x.grantee = 0`,
    );

    expect(owned.rows).toEqual([]);
    expect(open.rows).toEqual([]);
  });
});

describe('the hub’s roles', () => {
  it('cannot log in, cannot bypass row-level security and belong to no other role', async () => {
    const { rows: found } = await admin.query(
      `SELECT r.rolname AS name, rolsuper OR rolbypassrls OR rolcanlogin OR rolcreaterole OR rolcreatedb AS is_mighty,
        (SELECT count(*)::int FROM pg_auth_members m WHERE m.member = r.oid) AS memberships
      FROM pg_roles r WHERE rolname = ANY ($1)`,
      [hubRoles],
    );

    expect(found).toHaveLength(hubRoles.length);
    for (const role of found) expect(role).toMatchObject({ is_mighty: false, memberships: 0 });
  });

  it.each(['audit_entries', 'events'])('can neither change nor remove rows of %s, nor empty it', async (table) => {
    const { rows: found } = await admin.query(
      `SELECT role, c.relname, privilege FROM unnest($1::text[]) role, pg_class c, unnest(ARRAY['UPDATE', 'DELETE', 'TRUNCATE']) privilege
      WHERE c.relnamespace = 'inthub'::regnamespace AND c.relkind IN ('r', 'p')
        AND (c.oid = $2::regclass OR c.oid IN (SELECT relid FROM pg_partition_tree($2)))
        AND (has_table_privilege(role, c.oid, privilege)
          OR (privilege = 'UPDATE' AND has_any_column_privilege(role, c.oid, privilege)))`,
      [hubRoles, `inthub.${table}`],
    );

    expect(found).toEqual([]);
  });

  it('reach partitions through their parent only', async () => {
    const { rows: found } = await admin.query(
      `SELECT c.relname FROM pg_class c, unnest($1::text[]) role
      WHERE c.relnamespace = 'inthub'::regnamespace AND c.relispartition
        AND (has_table_privilege(role, c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE') OR has_any_column_privilege(role, c.oid, 'SELECT, INSERT, UPDATE'))`,
      [hubRoles],
    );

    expect(found).toEqual([]);
  });

  it('find no function that runs with the owner’s rights beyond the known, nor a view that would', async () => {
    const functions = await admin.query(
      `SELECT proname AS name, proconfig::text LIKE '%search_path=pg_catalog, pg_temp%' AS is_pinned
      FROM pg_proc WHERE pronamespace = 'inthub'::regnamespace AND prosecdef ORDER BY 1`,
    );
    const views = await admin.query(
      `SELECT relname FROM pg_class WHERE relnamespace = 'inthub'::regnamespace AND relkind IN ('v', 'm')
        AND NOT COALESCE('security_invoker=true' = ANY (reloptions), false)`,
    );

    expect(functions.rows).toEqual([
      { name: 'create_month_partitions', is_pinned: true },
      { name: 'drop_month_partitions', is_pinned: true },
    ]);
    expect(views.rows).toEqual([]);
  });

  it('may not write tables without tenants as the application', async () => {
    for (const table of withoutTenants.keys()) {
      const may = one(
        await admin.query(
          `SELECT has_table_privilege('inthub_app', 'inthub.${table}', 'INSERT, UPDATE, DELETE, TRUNCATE') AS write`,
        ),
      );
      expect({ table, ...may }).toEqual({ table, write: false });
    }
  });
});

describe('rows', () => {
  it('exist for both tenants in every table', async () => {
    for (const { name } of tables) {
      const found = await admin.query(
        `SELECT DISTINCT ${tenantColumn({ name })} AS tenant FROM inthub.${name} ORDER BY 1`,
      );
      expect({ name, found: found.rows.map(({ tenant }) => tenant) }).toEqual({
        name,
        found: [tenants.a, tenants.b].sort(),
      });
    }
  });

  it('are invisible while no tenant is set', async () => {
    for (const { name } of tables) {
      const count = await nobody.query(`SELECT count(*)::int AS count FROM inthub.${name}`).then(
        (result) => one(result).count as number,
        (error: pg.DatabaseError) => (error.code === insufficientPrivilege ? 'may not read' : Promise.reject(error)),
      );
      expect({ name, count }).toEqual({ name, count: expect.toBeOneOf([0, 'may not read']) });
    }
    const readable = await admin.query(
      `SELECT count(*)::int AS count FROM unnest($1::text[]) t WHERE has_any_column_privilege('inthub_app', 'inthub.' || t, 'SELECT')`,
      [tables.map(({ name }) => name)],
    );
    expect(one(readable).count).toBe(tables.length);
  });

  it('are visible to their own tenant and to no other', async () => {
    for (const { name } of tables) {
      for (const tenant of ['a', 'b'] as const) {
        const found = await asTenant(tenant, `SELECT DISTINCT ${tenantColumn({ name })} AS tenant FROM inthub.${name}`);
        expect({ name, found }).toEqual({ name, found: [{ tenant: tenants[tenant] }] });
      }
    }
  });

  it('cannot be written for another tenant', async () => {
    for (const table of tables) {
      if (!(await mayInsert(table))) continue;
      const { text, values } = insertOf(table, rows.b.get(table.name) as SampleRow);

      const error = await failure(asTenant('a', text, values));

      expect({ table: table.name, code: error.code, message: error.message }).toEqual({
        table: table.name,
        code: insufficientPrivilege,
        message: expect.stringContaining('row-level security policy'),
      });
    }
  });

  it('cannot be changed, removed or handed over by another tenant', async () => {
    const { rows: rights } = await admin.query<{
      name: string;
      column: string | null;
      may_delete: boolean;
      may_hand_over: boolean;
    }>(
      `SELECT c.relname AS name, has_table_privilege('inthub_app', c.oid, 'DELETE') AS may_delete,
        (SELECT min(a.attname::text) FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
          AND has_column_privilege('inthub_app', c.oid, a.attnum, 'UPDATE')) AS column,
        EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id'
          AND has_column_privilege('inthub_app', c.oid, a.attnum, 'UPDATE')) AS may_hand_over
      FROM pg_class c WHERE c.relnamespace = 'inthub'::regnamespace AND c.relname = ANY ($1)`,
      [tables.map(({ name }) => name)],
    );
    expect(rights.some(({ column }) => column !== null)).toBe(true);
    for (const { name, column, may_delete, may_hand_over } of rights) {
      const other = `WHERE ${tenantColumn({ name })} = '${tenants.b}'`;
      if (column !== null) {
        expect(
          await asTenant('a', `UPDATE inthub.${name} SET ${column} = ${column} ${other} RETURNING 1`),
          name,
        ).toEqual([]);
      }
      if (may_delete) expect(await asTenant('a', `DELETE FROM inthub.${name} ${other} RETURNING 1`), name).toEqual([]);
      if (may_hand_over) {
        const error = await failure(asTenant('a', `UPDATE inthub.${name} SET tenant_id = '${tenants.b}'`));
        expect({ name, code: error.code }).toEqual({ name, code: insufficientPrivilege });
      }
    }
  });
});
