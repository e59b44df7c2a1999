import { sql } from 'kysely';
import type { TenantTx } from '../database/database.ts';
import type { UsageDelta } from './catalog-types.ts';

/** Counters of one integration. */
export interface UsageRecord {
  readonly totalRequests: number;
  readonly totalErrors: number;
  readonly totalLatencyMs: number;
  readonly lastActivityAt: Date | null;
  readonly last24hRequests: number;
}

/** Usage of some integrations; those that were never called are missing. `since` bounds the last 24 hours. */
export async function selectUsage(
  tx: TenantTx,
  integrationIds: readonly string[],
  since: Date,
): Promise<ReadonlyMap<string, UsageRecord>> {
  if (integrationIds.length === 0) return new Map();
  const { rows } = await sql<{
    integration_id: string;
    total_requests: string;
    total_errors: string;
    total_latency_ms: number;
    last_activity_at: Date;
    last_24h: string;
  }>`
    SELECT u.integration_id, u.total_requests, u.total_errors, u.total_latency_ms, u.last_activity_at,
      (SELECT coalesce(sum(h.requests), 0) FROM integration_usage_hours AS h
       WHERE h.tenant_id = u.tenant_id AND h.integration_id = u.integration_id AND h.hour > ${since}) AS last_24h
    FROM integration_usage AS u
    WHERE u.tenant_id = ${tx.tenantId} AND u.integration_id = ANY(${integrationIds}::uuid[])
  `.execute(tx.db);
  return new Map(
    rows.map((row) => [
      row.integration_id,
      {
        totalRequests: Number(row.total_requests),
        totalErrors: Number(row.total_errors),
        totalLatencyMs: row.total_latency_ms,
        lastActivityAt: row.last_activity_at,
        last24hRequests: Number(row.last_24h),
      },
    ]),
  );
}

/**
 * Adds to the counters, one statement for all integrations. Ids that are no integration of the tenant are left out. The rows are
 * taken in the order of their ids, so that two replicas that flush at once do not lock each other out.
 */
export async function addUsage(tx: TenantTx, deltas: readonly UsageDelta[]): Promise<void> {
  await sql`
    WITH delta AS (
      SELECT d.* FROM unnest(
        ${deltas.map(({ integrationId }) => integrationId)}::uuid[],
        ${deltas.map(({ requests }) => requests)}::bigint[],
        ${deltas.map(({ errors }) => errors)}::bigint[],
        ${deltas.map(({ latencyMs }) => latencyMs)}::float8[],
        ${deltas.map(({ lastActivityAt }) => lastActivityAt.toISOString())}::timestamptz[]
      ) AS d (integration_id, requests, errors, latency_ms, at)
      WHERE EXISTS (SELECT FROM integrations AS i WHERE i.tenant_id = ${tx.tenantId} AND i.id = d.integration_id)
    ), hours AS (
      INSERT INTO integration_usage_hours AS h (tenant_id, integration_id, hour, requests, errors, latency_ms)
      SELECT ${tx.tenantId}::uuid, integration_id, date_trunc('hour', at, 'UTC') AS hour, sum(requests), sum(errors), sum(latency_ms)
      FROM delta GROUP BY integration_id, date_trunc('hour', at, 'UTC') ORDER BY integration_id, hour
      ON CONFLICT (tenant_id, integration_id, hour) DO UPDATE SET
        requests = h.requests + excluded.requests, errors = h.errors + excluded.errors,
        latency_ms = h.latency_ms + excluded.latency_ms
    )
    INSERT INTO integration_usage AS u
      (tenant_id, integration_id, total_requests, total_errors, total_latency_ms, last_activity_at)
    SELECT ${tx.tenantId}::uuid, integration_id, sum(requests), sum(errors), sum(latency_ms), max(at)
    FROM delta GROUP BY integration_id ORDER BY integration_id
    ON CONFLICT (tenant_id, integration_id) DO UPDATE SET
      total_requests = u.total_requests + excluded.total_requests, total_errors = u.total_errors + excluded.total_errors,
      total_latency_ms = u.total_latency_ms + excluded.total_latency_ms,
      last_activity_at = greatest(u.last_activity_at, excluded.last_activity_at)
  `.execute(tx.db);
}

/** Forgets the hours before `before`. */
export async function pruneUsageHours(tx: TenantTx, integrationIds: readonly string[], before: Date): Promise<void> {
  await sql`
    DELETE FROM integration_usage_hours
    WHERE tenant_id = ${tx.tenantId} AND integration_id = ANY(${integrationIds}::uuid[]) AND hour < ${before}
  `.execute(tx.db);
}

/** Forgets all that was counted for an integration. */
export async function deleteUsage(tx: TenantTx, integrationId: string): Promise<void> {
  await sql`
    WITH hours AS (
      DELETE FROM integration_usage_hours WHERE tenant_id = ${tx.tenantId} AND integration_id = ${integrationId}
    )
    DELETE FROM integration_usage WHERE tenant_id = ${tx.tenantId} AND integration_id = ${integrationId}
  `.execute(tx.db);
}
