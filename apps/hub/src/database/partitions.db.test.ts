import { createId, type TenantId } from '@inthub/contracts';
import { sql } from 'kysely';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestTenant, type OpenTestDatabase, openTestDatabase } from './testing.ts';

let opened: OpenTestDatabase;
let admin: pg.Client;
let tenant: TenantId;

beforeAll(async () => {
  opened = await openTestDatabase();
  admin = new pg.Client({ connectionString: opened.url });
  await admin.connect();
  tenant = await createTestTenant(opened.database);
});
afterAll(async () => {
  await admin?.end();
  await opened?.close();
});
beforeEach(() =>
  admin.query(`
    DROP TABLE IF EXISTS inthub.facts;
    CREATE TABLE inthub.facts (tenant_id uuid NOT NULL REFERENCES inthub.tenants (id), id uuid NOT NULL, at timestamptz NOT NULL,
      PRIMARY KEY (tenant_id, id, at)) PARTITION BY RANGE (at);
    CREATE INDEX facts_by_time ON inthub.facts (tenant_id, at);
    SELECT inthub.protect_tenant_table('facts', 'SELECT, INSERT');`),
);

/** Names without the table's: `default`, or the distance from this month. */
async function partitions(): Promise<string[]> {
  const { rows } = await admin.query<{ name: string }>(`
    SELECT CASE WHEN c.relname = 'facts_default' THEN 'default' ELSE (
        (substr(c.relname, 7, 4)::int - extract(year FROM now() AT TIME ZONE 'UTC')) * 12
        + substr(c.relname, 12, 2)::int - extract(month FROM now() AT TIME ZONE 'UTC'))::int::text END AS name
    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'inthub.facts'::regclass ORDER BY c.relname`);
  return rows.map(({ name }) => name);
}

/** Writes as the application. @param at an SQL expression */
async function write(at: string): Promise<string> {
  return opened.database.tenant(tenant, async ({ db }) => {
    const { rows } = await sql<{ partition: string }>`INSERT INTO facts (tenant_id, id, at)
      VALUES (${tenant}, ${createId()}, ${sql.raw(at)}) RETURNING tableoid::regclass::text AS partition`.execute(db);
    return rows[0]?.partition ?? '';
  });
}

const create = (ahead: number) =>
  admin.query<{ added: number }>(`SELECT inthub.create_month_partitions('facts', $1) AS added`, [ahead]);
const drop = (olderThan: string) =>
  admin.query<{ dropped: number }>(`SELECT inthub.drop_month_partitions('facts', ${olderThan}) AS dropped`);

describe('create_month_partitions', () => {
  it('makes this month, those ahead and a default one, and only what is missing the next time', async () => {
    expect((await create(2)).rows).toEqual([{ added: 3 }]);
    expect(await partitions()).toEqual(['0', '1', '2', 'default']);

    expect((await create(3)).rows).toEqual([{ added: 1 }]);
    expect(await partitions()).toEqual(['0', '1', '2', '3', 'default']);
  });

  it('covers whole months in UTC, whatever the time zone of the session', async () => {
    await admin.query("SET timezone = 'Pacific/Kiritimati'; SET datestyle = 'SQL, DMY'");
    await create(1);
    await admin.query('RESET timezone; RESET datestyle');

    const start = "date_trunc('month', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC'";
    const first = await write(start);
    expect(await write(`${start} + interval '1 month' - interval '1 microsecond'`)).toBe(first);
    expect(await write(`${start} + interval '1 month'`)).not.toBe(first);
    expect(await write(`${start} - interval '1 microsecond'`)).toBe('facts_default');
  });

  it('may be asked for by several replicas at once, as the application', async () => {
    const ask = () =>
      opened.database.tenant(tenant, async ({ db }) => {
        const { rows } = await sql<{ added: number }>`SELECT create_month_partitions('facts', 3) AS added`.execute(db);
        return rows[0]?.added;
      });

    const added = await Promise.all([ask(), ask(), ask()]);

    expect(added.sort()).toEqual([0, 0, 4]);
    expect(await partitions()).toEqual(['0', '1', '2', '3', 'default']);
  });

  it('never lets a write fail for want of a partition, nor a month whose rows came too early', async () => {
    await create(0);
    const nextMonth = "date_trunc('month', now()) + interval '1 month 3 days'";
    expect(await write(nextMonth)).toBe('facts_default');
    expect(await write("'1999-12-31Z'")).toBe('facts_default');

    expect((await create(2)).rows).toEqual([{ added: 1 }]);

    expect(await partitions()).toEqual(['0', '2', 'default']);
    expect(await write(nextMonth)).toBe('facts_default');
  });

  it('gives each partition the parent’s indexes and forced row-level security, and no grants', async () => {
    await create(1);

    const { rows } = await admin.query(`
      SELECT relrowsecurity AND relforcerowsecurity AS secured, relacl IS NULL OR relowner::regrole::text = ALL (
          SELECT grantee::regrole::text FROM aclexplode(relacl)) AS ungranted,
        (SELECT count(*)::int FROM pg_index WHERE indrelid = c.oid AND indisvalid) AS indexes,
        (SELECT count(*)::int FROM pg_constraint WHERE conrelid = c.oid AND contype = 'f') AS references
      FROM pg_class c WHERE relispartition AND relkind = 'r' AND relname LIKE 'facts%'`);

    expect(rows).toEqual(Array(3).fill({ secured: true, ungranted: true, indexes: 2, references: 1 }));
  });

  it.each([
    ['a table that is not partitioned', `SELECT inthub.create_month_partitions('tenants', 1)`],
    ['a table of another schema', `SELECT inthub.create_month_partitions('pg_class', 1)`],
    ['a name with a quote in it', `SELECT inthub.create_month_partitions('facts"; DROP TABLE inthub.facts; --', 1)`],
    ['too many months', `SELECT inthub.create_month_partitions('facts', 25)`],
    ['no number of months', `SELECT inthub.create_month_partitions('facts', NULL)`],
  ])('refuses %s', async (_what, statement) => {
    await expect(admin.query(statement)).rejects.toThrow(/no table partitioned by range|months_ahead must be 0 to 24/);
  });
});

describe('drop_month_partitions', () => {
  /** Partitions of the last months, as if the hub had run since then. */
  async function createPast(table: string, ...monthsAgo: number[]): Promise<void> {
    for (const ago of monthsAgo) {
      await admin.query(`DO $$ DECLARE m timestamptz := date_trunc('month', now()) - make_interval(months => ${ago}); BEGIN
        PERFORM inthub.add_partition('inthub.${table}', to_char(m, '"${table}_"YYYY"_"MM'), format('FOR VALUES FROM (%L) TO (%L)', m, m + interval '1 month'));
        END $$`);
    }
  }

  it('drops whole months that are old enough, and nothing younger', async () => {
    await admin.query("SET timezone = 'UTC'");
    await create(1);
    await createPast('facts', 1, 2, 3, 4);
    await write("date_trunc('month', now()) - interval '3 months' + interval '1 day'");
    await write("date_trunc('month', now()) - interval '2 months' + interval '1 day'");

    const { rows } = await drop("date_trunc('month', now()) - interval '2 months' + interval '5 days'");

    expect(rows).toEqual([{ dropped: 2 }]);
    expect(await partitions()).toEqual(['-2', '-1', '0', '1', 'default']);
    expect((await admin.query('SELECT count(*)::int AS count FROM inthub.facts')).rows).toEqual([{ count: 1 }]);
  });

  it('empties the default partition once its youngest row is old enough', async () => {
    await create(0);
    await write("now() - interval '90 days'");
    await write("now() - interval '60 days'");

    expect((await drop("now() - interval '70 days'")).rows).toEqual([{ dropped: 0 }]);
    expect((await drop("now() - interval '50 days'")).rows).toEqual([{ dropped: 1 }]);

    expect((await admin.query('SELECT count(*)::int AS count FROM inthub.facts')).rows).toEqual([{ count: 0 }]);
    expect(await partitions()).toEqual(['0', 'default']);
    expect(await write("now() - interval '60 days'")).toBe('facts_default');
  });

  it('refuses what would reach into the present', async () => {
    await create(1);

    await expect(drop("'infinity'")).rejects.toThrow(/must be a time in the past/);
    await expect(drop('NULL')).rejects.toThrow(/must be a time in the past/);
    await drop('now()');
    expect(await partitions()).toEqual(['0', '1', 'default']);
  });

  it('is for the scheduler: the application may not remove what it has written', async () => {
    await create(0);
    const call = sql`SELECT drop_month_partitions('facts', now() - interval '1 year')`;

    await expect(opened.database.tenant(tenant, ({ db }) => call.execute(db))).rejects.toMatchObject({ code: '42501' });
    await expect(opened.database.system('inthub_platform', ({ db }) => call.execute(db))).rejects.toMatchObject({
      code: '42501',
    });
    await opened.database.system('inthub_scheduler', ({ db }) => call.execute(db));
  });

  it('works on the audit trail, whose rows nobody may delete', async () => {
    await createPast('audit_entries', 3);

    const dropped = await opened.database.system('inthub_scheduler', async ({ db }) => {
      const call = sql<{
        dropped: number;
      }>`SELECT drop_month_partitions('audit_entries', now() - interval '60 days') AS dropped`;
      return (await call.execute(db)).rows;
    });

    expect(dropped).toEqual([{ dropped: 1 }]);
  });
});

describe('current_tenant', () => {
  it('is looked up once for a query and used as an index condition', async () => {
    const plan = await opened.database.tenant(tenant, async ({ db }) => {
      await sql`SET LOCAL enable_seqscan = off`.execute(db);
      return sql<{ 'QUERY PLAN': string }>`EXPLAIN SELECT * FROM users WHERE id = ${createId()}`.execute(db);
    });

    const text = plan.rows.map((row) => row['QUERY PLAN']).join('\n');
    expect(text).toMatch(/Index Cond: .*tenant_id = .*current_setting\('app\.current_tenant'.*id = /);
    expect(text).not.toMatch(/Filter/);
  });
});
