import { HubError } from '@inthub/contracts';
import pg from 'pg';
import type { DatabaseLog } from './database-log.ts';
import { toHubError } from './error-mapping.ts';
import { type MigrationFile, readMigrationFiles } from './migration-files.ts';
import { oldestServer, serverTooOld } from './server-version.ts';

export interface MigrateOptions {
  log: DatabaseLog;
  /** Default: the files of this release. */
  files?: readonly MigrationFile[];
}

interface AppliedMigration {
  number: number;
  name: string;
  checksum: string;
}

/** Any fixed number will do; it keeps other users of advisory locks apart. */
const lockKey = '7235893220120471';

/**
 * Brings the database behind `url` up to this release. Each file runs in a transaction of its own and never runs twice; any
 * number of hubs may start at the same time, one migrates and the others wait. The user must be allowed to create the schema and
 * the roles only where something is missing.
 *
 * @returns the names of the migrations applied now.
 * @throws HubError `unavailable` when the server cannot be reached; `internal` when it is older than PostgreSQL 15, when the
 * database belongs to a newer release, when an applied file was changed, or when a migration fails (its own changes are undone,
 * earlier ones stay).
 */
export async function migrate(url: string, { log, files }: MigrateOptions): Promise<readonly string[]> {
  const wanted = files ?? (await readMigrationFiles());
  // Schema changes may take as long as they need, whatever the server's defaults are.
  const client = new pg.Client({
    connectionString: url,
    application_name: 'inthub-migrate',
    connectionTimeoutMillis: 10_000,
    statement_timeout: 0,
    lock_timeout: 0,
    idle_in_transaction_session_timeout: 0,
    keepAlive: true,
  });
  // A lost connection also fails the query in progress; without a listener it would end the process.
  client.on('error', (error) => log.warn({ err: error }, 'connection for migrations lost'));
  try {
    await client.connect();
    await refuseOldServer(client);
    await client.query('SELECT pg_advisory_lock($1)', [lockKey]);
    return await applyPending(client, wanted, log);
  } catch (error) {
    throw toHubError(error);
  } finally {
    // Ends the session and with it the lock.
    await client.end().catch((error: unknown) => log.warn({ err: error }, 'connection for migrations did not close'));
  }
}

async function applyPending(
  client: pg.Client,
  wanted: readonly MigrationFile[],
  log: DatabaseLog,
): Promise<readonly string[]> {
  const applied = await readApplied(client);
  const pending = findPending(wanted, applied);
  for (const file of pending) {
    await apply(client, file);
    log.info({ migration: file.name }, 'migration applied');
  }
  return pending.map((file) => file.name);
}

/** @throws HubError `internal` when what was applied and what this release has do not fit together. */
function findPending(wanted: readonly MigrationFile[], applied: readonly AppliedMigration[]): readonly MigrationFile[] {
  const known = new Map(wanted.map((file) => [file.number, file]));
  const newest = wanted.at(-1)?.number ?? 0;
  for (const { number, name, checksum } of applied) {
    const file = known.get(number);
    if (file === undefined) {
      throw new HubError(
        'internal',
        number > newest
          ? `The database is newer than this hub: it has the migration ${name}, this release ends at ${wanted.at(-1)?.name ?? 'none'}. Start the release that migrated it, or restore a backup; migrations are never undone.`
          : `The database has the migration ${name}, which this release does not know. It was made by another build of the hub.`,
      );
    }
    if (file.checksum !== checksum) {
      throw new HubError(
        'internal',
        `The migration ${file.name} was changed after it was applied (applied ${checksum.slice(0, 12)}, now ${file.checksum.slice(0, 12)}). Put the file back and write a new migration instead.`,
      );
    }
  }
  const last = Math.max(0, ...applied.map(({ number }) => number));
  const done = new Set(applied.map(({ number }) => number));
  const pending = wanted.filter(({ number }) => !done.has(number));
  const late = pending.find(({ number }) => number < last);
  if (late !== undefined) {
    throw new HubError(
      'internal',
      `The migration ${late.name} comes before migrations that are applied already (up to ${String(last).padStart(4, '0')}). Give it a number after them.`,
    );
  }
  return pending;
}

async function apply(client: pg.Client, file: MigrationFile): Promise<void> {
  await client.query('BEGIN');
  try {
    await client.query('SELECT set_config($1, $2, true)', ['search_path', 'inthub, pg_temp']);
    await client.query(file.sql);
    // A file that ends the transaction itself would leave half of it behind when it fails.
    if (client.getTransactionStatus() !== 'T') {
      throw new HubError('internal', `The migration ${file.name} must not contain BEGIN, COMMIT or ROLLBACK.`);
    }
    await client.query('INSERT INTO inthub.schema_migrations (number, name, checksum) VALUES ($1, $2, $3)', [
      file.number,
      file.name,
      file.checksum,
    ]);
    await client.query('COMMIT');
  } catch (error) {
    // A lost connection has rolled back already.
    await client.query('ROLLBACK').catch(() => undefined);
    throw migrationFailure(file, error);
  }
}

function migrationFailure(file: MigrationFile, error: unknown): HubError {
  const known = toHubError(error);
  if (known instanceof HubError) return known;
  const { message, hint, position } = error as pg.DatabaseError;
  const line = position === undefined ? undefined : file.sql.slice(0, Number(position)).split('\n').length;
  return new HubError(
    'internal',
    `The migration ${file.name} failed${line === undefined ? '' : ` in line ${line}`}: ${message}${hint === undefined ? '' : `. ${hint}`}`,
    { cause: error },
  );
}

async function readApplied(client: pg.Client): Promise<readonly AppliedMigration[]> {
  const found = await client.query<{ exists: boolean }>(
    "SELECT to_regclass('inthub.schema_migrations') IS NOT NULL AS exists",
  );
  if (!found.rows[0]?.exists) return [];
  const { rows } = await client.query<AppliedMigration>(
    'SELECT number, name, checksum FROM inthub.schema_migrations ORDER BY number',
  );
  return rows;
}

async function refuseOldServer(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ number: number; version: string }>(
    "SELECT current_setting('server_version_num')::int AS number, current_setting('server_version') AS version",
  );
  const { number = 0, version = 'unknown' } = rows[0] ?? {};
  if (number < oldestServer * 10_000) throw serverTooOld(version);
}
