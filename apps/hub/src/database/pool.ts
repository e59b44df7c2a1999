import { HubError } from '@inthub/contracts';
import pg from 'pg';
import type { DatabaseLog } from './database-log.ts';

export interface CreatePoolOptions {
  url: string;
  log: DatabaseLog;
  maxConnections: number;
}

// Shorter than the HTTP layer's patience, longer than any query of ours; a query that needs more lacks an index.
const statementTimeoutMs = 30_000;

/** Connections that run as `inthub_app`. Nobody outside this room gets hold of the pool. */
export function createPool({ url, log, maxConnections }: CreatePoolOptions): pg.Pool {
  if (!Number.isInteger(maxConnections) || maxConnections < 1 || maxConnections > 500) {
    throw new HubError('internal', 'maxConnections must be a whole number from 1 to 500.');
  }
  const { connectionString, options } = withAppRole(url);
  const pool = new pg.Pool({
    connectionString,
    options,
    application_name: 'inthub',
    max: maxConnections,
    // BEGIN, the tenant's scope and the first query travel together.
    pipeline: true,
    // Also the longest wait for a free connection: better an answer that asks to come back than a queue without end.
    connectionTimeoutMillis: 5_000,
    idleTimeoutMillis: 60_000,
    // Lets a changed password, certificate or DNS name come into use.
    maxLifetimeSeconds: 3_600,
    keepAlive: true,
    statement_timeout: statementTimeoutMs,
    lock_timeout: 10_000,
    // Work that waits for something outside while it holds a transaction is a fault; its locks must not outlive it.
    idle_in_transaction_session_timeout: 30_000,
    // For a network that swallows packets: the server's own timeout cannot be heard then.
    query_timeout: statementTimeoutMs + 5_000,
  });
  // A restarting server ends idle connections; the next use opens new ones. Without listeners that would end the process.
  pool.on('error', (error) => log.warn({ err: error }, 'idle database connection lost'));
  pool.on('connect', (client) => {
    client.on('error', (error) => log.debug({ err: error }, 'database connection lost'));
  });
  return pool;
}

/**
 * The role is taken on by a startup option and not by SET ROLE: it then is the session's default, which RESET ROLE and DISCARD ALL
 * go back to, and there is no moment in which the connection runs with the rights of the user who logged in. `pg_temp` comes last
 * in the search path, where a temporary table cannot stand in for one of ours.
 */
function withAppRole(url: string): { connectionString: string; options: string } {
  const parsed = new URL(url);
  // Parameters of the URL would win over ours, so the operator's own options are moved to the front.
  const given = parsed.searchParams.get('options');
  parsed.searchParams.delete('options');
  const ours = '-c role=inthub_app -c search_path=inthub,pg_temp -c row_security=on';
  return { connectionString: parsed.toString(), options: given === null ? ours : `${given} ${ours}` };
}
