import { HubError } from '@inthub/contracts';
import pg from 'pg';

/**
 * What the database's own trouble means to callers: a lost or refused connection, a full or restarting server, a deadlock, a
 * serialization failure and an exceeded timeout become `unavailable`, which says that a retry may succeed. Nothing is retried
 * here: only the caller knows whether its work may run twice. Every other error is returned as it is, for the repositories
 * ({@link isUniqueViolation}) and the edges.
 */
export function toHubError(error: unknown): unknown {
  if (error instanceof HubError) return error;
  if (error instanceof pg.DatabaseError) {
    const reason = isStaleStatement(error) ? 'The schema has just changed.' : transientReason(error.code ?? '');
    return reason === undefined ? error : unavailable(reason, error);
  }
  return isConnectionFailure(error) ? unavailable('The database cannot be reached.', error) : error;
}

/** True for the violation of a unique constraint or index, and of this one where `constraint` names it. */
export function isUniqueViolation(error: unknown, constraint?: string): boolean {
  return (
    error instanceof pg.DatabaseError &&
    error.code === '23505' &&
    (constraint === undefined || error.constraint === constraint)
  );
}

/**
 * True when a prepared statement no longer fits: a newer release has changed a table while this one runs, or the statement was
 * deallocated. The connection then has to be given up; a new one prepares anew.
 */
export function isStaleStatement(error: unknown): boolean {
  if (!(error instanceof pg.DatabaseError)) return false;
  // "cached plan must not change result type" has no code of its own; RevalidateCachedQuery is where plancache.c raises it.
  return error.code === '26000' || (error.code === '0A000' && error.routine === 'RevalidateCachedQuery');
}

// PostgreSQL, appendix A "PostgreSQL Error Codes".
function transientReason(code: string): string | undefined {
  if (code.startsWith('08')) return 'The database cannot be reached.';
  if (code.startsWith('53')) return 'The database server is out of resources (connections, memory or disk).';
  switch (code) {
    case '40001': // serialization_failure
    case '40P01': // deadlock_detected
      return 'The change collided with another one and was undone.';
    case '55P03': // lock_not_available: lock_timeout
      return 'Another change holds what this one needs.';
    case '57014': // query_canceled: statement_timeout
    case '25P03': // idle_in_transaction_session_timeout
    case '25P04': // transaction_timeout
      return 'The database did not finish in time.';
    case '57P01': // admin_shutdown
    case '57P02': // crash_shutdown
    case '57P03': // cannot_connect_now
    case '57P05': // idle_session_timeout
      return 'The database server is restarting.';
    default:
      return undefined;
  }
}

const socketCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ENOENT', // no such Unix socket
]);

// pg has no codes for these; its version is pinned and pool.db.test.ts takes a server away to see them.
const driverMessages =
  /^(?:Connection terminated|timeout exceeded when trying to connect|timeout expired|Query read timeout|Client has encountered a connection error|Client was closed|Cannot use a pool after calling end)/;

function isConnectionFailure(error: unknown): boolean {
  // Node tries every address of a name and reports them together.
  if (error instanceof AggregateError) return error.errors.some(isConnectionFailure);
  if (!(error instanceof Error)) return false;
  const { code } = error as NodeJS.ErrnoException;
  return (code !== undefined && socketCodes.has(code)) || driverMessages.test(error.message);
}

function unavailable(message: string, cause: unknown): HubError {
  return new HubError('unavailable', message, { cause });
}
