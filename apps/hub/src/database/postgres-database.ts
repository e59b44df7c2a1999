import { HubError, isId } from '@inthub/contracts';
import type pg from 'pg';
import type { DatabaseLog } from './database-log.ts';
import { isStaleStatement, toHubError } from './error-mapping.ts';
import { createPool } from './pool.ts';
import { openSession } from './session.ts';
import { checkConnection } from './start-check.ts';
import { createStatementNames, type StatementNames } from './statement-names.ts';
import { type Database, type SystemTx, systemRoles } from './tenant-scope.ts';

export interface CreateDatabaseOptions {
  url: string;
  log: DatabaseLog;
  /** Most connections held at once, 1 to 500. Default 10. */
  maxConnections?: number;
}

/**
 * The database behind `url`, migrated before ({@link migrate}).
 * @throws HubError `unavailable` when it cannot be reached, `internal` when row-level security would not hold (see start-check.ts).
 */
export async function createDatabase({ url, log, maxConnections = 10 }: CreateDatabaseOptions): Promise<Database> {
  const pool = createPool({ url, log, maxConnections });
  try {
    await withClient(pool, checkConnection);
  } catch (error) {
    await pool.end();
    throw toHubError(error);
  }
  const names = createStatementNames();
  let closing: Promise<void> | undefined;

  return {
    // One simple message begins the transaction and sets its scope, and the first query of the work travels with it. The id is
    // checked because it stands in the text. The role is set although it is the session's default: should a query ever have
    // changed that, it would otherwise meet the next tenant.
    async tenant(tenantId, work) {
      if (!isId(tenantId)) throw new HubError('internal', 'A tenant scope needs a tenant id.');
      const begin = `BEGIN; SET LOCAL ROLE inthub_app; SET LOCAL app.current_tenant = '${tenantId}'`;
      return inTransaction({ pool, log, names, begin, work: (transaction) => work({ tenantId, ...transaction }) });
    },
    async system(role, work) {
      if (!systemRoles.includes(role)) throw new HubError('internal', `${String(role)} is not a system role.`);
      // The tenant is emptied too: under a narrow role nothing is to depend on one.
      const begin = `BEGIN; SET LOCAL ROLE ${role}; SET LOCAL app.current_tenant = ''`;
      return inTransaction({ pool, log, names, begin, work });
    },
    async ping() {
      try {
        await withClient(pool, (client) => client.query('SELECT 1'));
      } catch (error) {
        throw HubError.from(toHubError(error), 'unavailable');
      }
    },
    close() {
      closing ??= pool.end();
      return closing;
    },
  };
}

interface InTransactionOptions<Result> {
  pool: pg.Pool;
  log: DatabaseLog;
  names: StatementNames;
  /** Begins the transaction and sets its scope. All of it is local to the transaction, so a pooled connection never keeps a tenant. */
  begin: string;
  work(transaction: SystemTx): Promise<Result>;
}

async function inTransaction<Result>({ pool, log, names, begin, work }: InTransactionOptions<Result>): Promise<Result> {
  const effects: (() => void)[] = [];
  const result = await withClient(pool, async (client, keepUntil) => {
    // Not awaited: see openSession. Should it fail, the queries behind it run with no tenant, which shows and admits nothing, and
    // the failure is thrown below.
    const begun = client.query(begin);
    begun.catch(() => undefined);
    let committing: Promise<boolean> | undefined;
    let isUnwritten = false;
    const session = openSession(client, names, () => {
      committing = commit(client);
      committing.catch(() => undefined);
    });
    try {
      const value = await work({
        db: session.db,
        afterCommit: (effect) => void effects.push(effect),
        commitBehindNext: session.endBehindNext,
        wroteNothing: () => {
          isUnwritten = true;
        },
      });
      await begun;
      session.close();
      committing ??= commit(client);
      if (isUnwritten) keepUntil(committing);
      else if (!(await committing)) throw passedOver();
      return value;
    } catch (error) {
      session.close();
      const cause = await begun.then(
        () => error,
        (beginError: unknown) => beginError,
      );
      // Unanswered, it says more than the query before it: that nobody knows what was saved.
      if (committing !== undefined) await committing;
      // Where this fails the connection is not clean, and withClient throws it away.
      else
        await client.query('ROLLBACK').catch((rollbackError: unknown) => {
          log.debug({ err: rollbackError }, 'rollback failed');
        });
      throw cause;
    }
  });
  for (const effect of effects) runEffect(effect, log);
  return result;
}

/** @returns false when nothing was saved, because a query had failed. */
async function commit(client: pg.ClientBase): Promise<boolean> {
  try {
    const { command } = await client.query('COMMIT');
    // PostgreSQL answers COMMIT of a failed transaction with ROLLBACK, and no error.
    return command === 'COMMIT';
  } catch (error) {
    const known = toHubError(error);
    if (!(known instanceof HubError) || client.getTransactionStatus() === 'I') throw error;
    throw new HubError(
      'unavailable',
      'The database went away while it was saving: the change may or may not have happened. Read it back before trying again.',
      { retryable: false, cause: error },
    );
  }
}

function passedOver(): HubError {
  return new HubError('internal', 'A failed query was passed over inside its transaction, so nothing was saved.');
}

/** Lends a connection. One that comes back in a transaction, broken or with plans of an older schema is closed instead of reused. */
async function withClient<Result>(
  pool: pg.Pool,
  work: (client: pg.PoolClient, keepUntil: (end: Promise<unknown>) => void) => Promise<Result>,
): Promise<Result> {
  let client: pg.PoolClient | undefined;
  let isStale = false;
  let end: Promise<unknown> | undefined;
  try {
    client = await pool.connect();
    return await work(client, (until) => {
      end = until;
    });
  } catch (error) {
    isStale = isStaleStatement(error);
    throw toHubError(error);
  } finally {
    const release = () => client?.release(isStale || client.getTransactionStatus() !== 'I');
    if (end === undefined) release();
    else void end.then(release, release);
  }
}

function runEffect(effect: () => void, log: DatabaseLog): void {
  try {
    effect();
  } catch (error) {
    log.error({ err: error }, 'effect after commit failed');
  }
}
