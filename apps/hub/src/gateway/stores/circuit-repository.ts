import { sql } from 'kysely';
import type { SystemTx, TenantTx } from '../../database/database.ts';
import type { CircuitStateName } from '../circuit/circuit-breaker.ts';
import type { CircuitProbe, SharedCircuit } from './circuit-backend.ts';

interface CircuitRow {
  tenant_id: string;
  integration_id: string;
  version: string;
  state: CircuitStateName;
  failure_count: number;
  success_count: number;
  last_failure_at: Date | null;
  last_success_at: Date | null;
  opened_at: Date | null;
  next_retry_at: Date | null;
  generation: string;
  forced_reason: string | null;
  probes: readonly CircuitProbe[];
}

export interface CircuitName {
  readonly tenantId: string;
  readonly integrationId: string;
}

const columns = sql`tenant_id, integration_id, version, state, failure_count, success_count, last_failure_at, last_success_at, opened_at,
  next_retry_at, generation, forced_reason, probes`;

/** The server's time, and those of the named that are stored; of any tenant. */
export async function findCircuits(
  { db }: SystemTx,
  names: readonly CircuitName[],
): Promise<{ nowMs: number; found: (CircuitName & { circuit: SharedCircuit })[] }> {
  const tenants = names.map(({ tenantId }) => tenantId);
  const integrations = names.map(({ integrationId }) => integrationId);
  const [time, { rows }] = await Promise.all([
    readTime({ db }),
    sql<CircuitRow>`SELECT ${columns} FROM circuit_states
      WHERE (tenant_id, integration_id) IN (SELECT * FROM unnest(${tenants}::uuid[], ${integrations}::uuid[]))`.execute(
      db,
    ),
  ]);
  const found = rows.map((row) => ({
    tenantId: row.tenant_id,
    integrationId: row.integration_id,
    circuit: circuitOf(row),
  }));
  return { nowMs: time, found };
}

/** Writes the version after `version`; false when another one stands there. */
export async function swapCircuit(
  { db, tenantId }: TenantTx,
  integrationId: string,
  { version, record, probes }: SharedCircuit,
): Promise<boolean> {
  const time = (ms: number | null) => (ms === null ? null : new Date(ms));
  const { rows } = await sql`
    INSERT INTO circuit_states (${columns})
    VALUES (${tenantId}, ${integrationId}, ${version + 1}, ${record.state}, ${record.failureCount}, ${record.successCount},
      ${time(record.lastFailureMs)}, ${time(record.lastSuccessMs)}, ${time(record.openedMs)}, ${time(record.nextRetryMs)},
      ${record.generation}, ${record.forcedReason}, ${JSON.stringify(probes)}::jsonb)
    ON CONFLICT (tenant_id, integration_id) DO UPDATE SET
      (version, state, failure_count, success_count, last_failure_at, last_success_at, opened_at, next_retry_at, generation,
        forced_reason, probes, changed_at) =
      ROW(excluded.version, excluded.state, excluded.failure_count, excluded.success_count, excluded.last_failure_at,
        excluded.last_success_at, excluded.opened_at, excluded.next_retry_at, excluded.generation, excluded.forced_reason,
        excluded.probes, statement_timestamp())
      WHERE circuit_states.version = ${version}
    RETURNING version`.execute(db);
  return rows.length === 1;
}

export async function findCircuit(
  { db, tenantId }: TenantTx,
  integrationId: string,
): Promise<SharedCircuit | undefined> {
  const { rows } = await sql<CircuitRow>`SELECT ${columns} FROM circuit_states
    WHERE tenant_id = ${tenantId} AND integration_id = ${integrationId}`.execute(db);
  return rows[0] && circuitOf(rows[0]);
}

/** Epoch milliseconds by the database's clock. */
export async function readTime({ db }: Pick<TenantTx, 'db'>): Promise<number> {
  const { rows } = await sql<{ ms: number }>`
    SELECT extract(epoch FROM clock_timestamp())::float8 * 1000 AS ms`.execute(db);
  return rows[0]?.ms ?? Number.NaN;
}

/** Removes breakers that have been closed for a day, `limit` at most. @returns how many. */
export async function deleteClosedCircuits({ db }: SystemTx, limit: number): Promise<number> {
  const { rows } = await sql`DELETE FROM circuit_states WHERE (tenant_id, integration_id) IN (
      SELECT tenant_id, integration_id FROM circuit_states
      WHERE state = 'closed' AND changed_at < statement_timestamp() - interval '1 day' LIMIT ${limit})
    RETURNING 1`.execute(db);
  return rows.length;
}

function circuitOf(row: CircuitRow): SharedCircuit {
  const ms = (time: Date | null) => time?.getTime() ?? null;
  return {
    version: Number(row.version),
    record: {
      state: row.state,
      failureCount: row.failure_count,
      successCount: row.success_count,
      lastFailureMs: ms(row.last_failure_at),
      lastSuccessMs: ms(row.last_success_at),
      openedMs: ms(row.opened_at),
      nextRetryMs: ms(row.next_retry_at),
      probes: row.probes.length,
      generation: Number(row.generation),
      forcedReason: row.forced_reason,
    },
    probes: row.probes,
  };
}
