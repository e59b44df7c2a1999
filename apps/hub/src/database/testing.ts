/** Databases for the hub's own tests (`*.db.test.ts`). */
import { createId, type TenantId } from '@inthub/contracts';
import { createTestDatabase } from '@inthub/testing';
import { sql } from 'kysely';
import pg from 'pg';
import type { DatabaseLog } from './database-log.ts';
import { readMigrationFiles } from './migration-files.ts';
import { migrate } from './migrator.ts';
import { createDatabase } from './postgres-database.ts';
import type { Database } from './tenant-scope.ts';

export interface OpenTestDatabase {
  database: Database;
  /** A superuser's URL of the same database, which passes row-level security: for preparing and for looking behind it. */
  url: string;
  /** Closes the pool and deletes the database. */
  close(): Promise<void>;
}

/** A freshly cloned, fully migrated database. Its clone is made from a template that is migrated once in a test run. */
export async function openTestDatabase(
  options: { maxConnections?: number; log?: DatabaseLog } = {},
): Promise<OpenTestDatabase> {
  const { log = silentLog, maxConnections = 4 } = options;
  const files = await readMigrationFiles();
  const testDatabase = await createTestDatabase({
    template: {
      key: files.map((file) => file.checksum).join(),
      prepare: async (url) => void (await migrate(url, { log, files })),
    },
  });
  const { url } = testDatabase;
  const database = await createDatabase({ url, log, maxConnections }).catch(async (error: unknown) => {
    await testDatabase.drop();
    throw error;
  });
  return {
    database,
    url,
    async close() {
      await database.close();
      await testDatabase.drop();
    },
  };
}

/** A new tenant without users or keys. @param slug Default: one of its own. */
export async function createTestTenant(database: Database, slug?: string): Promise<TenantId> {
  const id = createId<TenantId>();
  await database.tenant(id, async ({ db }) => {
    await db
      .withTables<{ tenants: { id: string; slug: string; name: string } }>()
      .insertInto('tenants')
      .values({ id, slug: slug ?? `t-${id}`, name: slug ?? 'Test tenant' })
      .execute();
  });
  return id;
}

/** A database on which the cost of a statement can be told without a clock. */
export interface MeasuredDatabase extends OpenTestDatabase {
  readonly tenantId: TenantId;
  /** Another connection, of the superuser, that is not measured. */
  readonly admin: pg.Client;
  /** Pages of these tables, with their partitions and indexes, that were looked at so far. */
  pagesRead(tables: readonly string[]): Promise<number>;
}

/**
 * With a tenant, and a single connection: statements are planned once, by what the tables were like then, and what it has read it can tell the
 * server's statistics.
 */
export async function openMeasuredDatabase(): Promise<MeasuredDatabase> {
  const test = await openTestDatabase({ maxConnections: 1 });
  const admin = new pg.Client({ connectionString: test.url });
  const close = async () => {
    await admin.end();
    await test.close();
  };
  try {
    await admin.connect();
    const tenantId = await createTestTenant(test.database);
    return { ...test, tenantId, admin, pagesRead, close };
  } catch (error) {
    await close();
    throw error;
  }

  async function pagesRead(tables: readonly string[]): Promise<number> {
    await test.database.tenant(createId<TenantId>(), (tx) => sql`SELECT pg_stat_force_next_flush()`.execute(tx.db));
    const { rows } = await admin.query<{ read: string }>(
      `SELECT sum(heap_blks_read + heap_blks_hit + coalesce(idx_blks_read + idx_blks_hit, 0)) AS read FROM pg_statio_all_tables
       WHERE relname LIKE ANY ($1)`,
      [tables.map((table) => `${table}%`)],
    );
    return Number(rows[0]?.read ?? 0);
  }
}

/** Drops everything. */
export const silentLog: DatabaseLog = { debug() {}, info() {}, warn() {}, error() {} };
