import { sql } from 'kysely';
import type { SystemTx, TenantTx } from '../database/database.ts';

/** A row that this worker may check until its lease runs out. */
export interface Claim {
  readonly tenantId: string;
  readonly integrationId: string;
  readonly leaseId: string;
  /** How often an immediate check had been asked for when the row was claimed. */
  readonly requests: number;
}

interface ScheduleTable {
  tenant_id: string;
  integration_id: string;
  due_at: Date;
  lease_until: Date | null;
  lease_id: string | null;
  requests: number;
  skipped_offline: boolean;
}

const tablesOf = (tx: TenantTx) => tx.db.withTables<{ health_schedule: ScheduleTable }>();

/** Makes these due now; a check that is running is followed by another. In the order of their ids, against lock cycles. */
export async function scheduleNow(tx: TenantTx, integrationIds: readonly string[], now: Date): Promise<void> {
  await sql`
    INSERT INTO health_schedule AS s (tenant_id, integration_id, due_at)
    SELECT ${tx.tenantId}::uuid, id, ${now}::timestamptz FROM unnest(${integrationIds}::uuid[]) AS id ORDER BY id
    ON CONFLICT (tenant_id, integration_id) DO UPDATE SET due_at = excluded.due_at, requests = s.requests + 1
  `.execute(tx.db);
}

export async function deleteScheduled(tx: TenantTx, integrationId: string): Promise<void> {
  await tablesOf(tx)
    .deleteFrom('health_schedule')
    .where('tenant_id', '=', tx.tenantId)
    .where('integration_id', '=', integrationId)
    .execute();
}

export async function findScheduled(
  tx: TenantTx,
  integrationId: string,
): Promise<{ dueAt: Date; skippedOffline: boolean } | undefined> {
  const row = await tablesOf(tx)
    .selectFrom('health_schedule')
    .select(['due_at', 'skipped_offline'])
    .where('tenant_id', '=', tx.tenantId)
    .where('integration_id', '=', integrationId)
    .executeTakeFirst();
  return row && { dueAt: row.due_at, skippedOffline: row.skipped_offline };
}

/** Takes up to `limit` due rows that nobody holds, the longest due first, without waiting for other workers. */
export async function claimDue(
  tx: SystemTx,
  { now, leaseUntil, leaseId, limit }: { now: Date; leaseUntil: Date; leaseId: string; limit: number },
): Promise<Claim[]> {
  const { rows } = await sql<{ tenant_id: string; integration_id: string; requests: number }>`
    UPDATE health_schedule AS s SET lease_until = ${leaseUntil}, lease_id = ${leaseId}
    FROM (
      SELECT tenant_id, integration_id FROM health_schedule
      WHERE due_at <= ${now} AND (lease_until IS NULL OR lease_until <= ${now})
      ORDER BY due_at LIMIT ${limit} FOR UPDATE SKIP LOCKED
    ) AS due
    WHERE s.tenant_id = due.tenant_id AND s.integration_id = due.integration_id
    RETURNING s.tenant_id, s.integration_id, s.requests
  `.execute(tx.db);
  return rows.map((row) => ({
    tenantId: row.tenant_id,
    integrationId: row.integration_id,
    leaseId,
    requests: row.requests,
  }));
}

/**
 * Gives a claimed row back, due at `dueAt`, or at once when an immediate check was asked for meanwhile. Does nothing when the lease
 * has gone to somebody else.
 */
export async function release(
  tx: TenantTx,
  { integrationId, leaseId, requests }: Claim,
  { dueAt, skippedOffline }: { dueAt: Date; skippedOffline: boolean },
): Promise<void> {
  await sql`
    UPDATE health_schedule SET lease_until = NULL, lease_id = NULL, skipped_offline = ${skippedOffline},
      due_at = CASE WHEN requests = ${requests} THEN ${dueAt}::timestamptz ELSE due_at END
    WHERE tenant_id = ${tx.tenantId} AND integration_id = ${integrationId} AND lease_id = ${leaseId}
  `.execute(tx.db);
}

/** Removes a claimed row, unless an immediate check was asked for meanwhile. */
export async function retire(tx: TenantTx, { integrationId, leaseId, requests }: Claim): Promise<void> {
  await tablesOf(tx)
    .deleteFrom('health_schedule')
    .where('tenant_id', '=', tx.tenantId)
    .where('integration_id', '=', integrationId)
    .where('lease_id', '=', leaseId)
    .where('requests', '=', requests)
    .execute();
}

/**
 * Spreads what became due while no worker ran evenly over the next `spreadMs`, each integration at its own place (a share taken from
 * its id), so that a hub that was down does not check all at once. Returns how many.
 */
export async function spreadOverdue(
  tx: SystemTx,
  { now, dueBefore, spreadMs }: { now: Date; dueBefore: Date; spreadMs: number },
): Promise<number> {
  const { numAffectedRows } = await sql`
    UPDATE health_schedule AS s SET lease_until = NULL, lease_id = NULL,
      due_at = ${now}::timestamptz + interval '1 millisecond' *
        floor(${spreadMs}::float8 * ('x' || substr(md5(s.integration_id::text), 1, 8))::bit(32)::bigint / 4294967296)
    FROM (
      SELECT tenant_id, integration_id FROM health_schedule
      WHERE due_at < ${dueBefore} AND (lease_until IS NULL OR lease_until <= ${now}) FOR UPDATE SKIP LOCKED
    ) AS overdue
    WHERE s.tenant_id = overdue.tenant_id AND s.integration_id = overdue.integration_id
  `.execute(tx.db);
  return Number(numAffectedRows ?? 0);
}
