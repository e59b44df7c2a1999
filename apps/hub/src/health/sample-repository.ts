import { sql } from 'kysely';
import type { TenantTx } from '../database/database.ts';
import type { HealthSample, HealthWindow } from './health-types.ts';

interface SamplesTable {
  tenant_id: string;
  integration_id: string;
  id: string;
  checked_at: Date;
  success: boolean;
  latency_ms: number;
  error_code: string | null;
  message: string;
}

export interface StoredSample extends HealthSample {
  readonly id: string;
}

const tablesOf = (tx: TenantTx) => tx.db.withTables<{ health_samples: SamplesTable }>();

export async function insertSample(tx: TenantTx, integrationId: string, sample: StoredSample): Promise<void> {
  await tablesOf(tx)
    .insertInto('health_samples')
    .values({
      tenant_id: tx.tenantId,
      integration_id: integrationId,
      id: sample.id,
      checked_at: new Date(sample.checkedAt),
      success: sample.success,
      latency_ms: sample.latencyMs,
      error_code: sample.errorCode,
      message: sample.message,
    })
    .execute();
}

/** Newest first, after `after`. */
export async function selectSamples(
  tx: TenantTx,
  integrationId: string,
  page: { after?: { checkedAt: Date; id: string }; limit: number },
): Promise<StoredSample[]> {
  let select = tablesOf(tx)
    .selectFrom('health_samples')
    .selectAll()
    .where('tenant_id', '=', tx.tenantId)
    .where('integration_id', '=', integrationId)
    .orderBy('checked_at', 'desc')
    .orderBy('id', 'desc')
    .limit(page.limit);
  if (page.after !== undefined) {
    const { checkedAt, id } = page.after;
    select = select.where(sql<boolean>`(checked_at, id) < (${checkedAt}::timestamptz, ${id}::uuid)`);
  }
  const rows = await select.execute();
  return rows.map((row) => ({
    id: row.id,
    checkedAt: row.checked_at.toISOString(),
    success: row.success,
    latencyMs: row.latency_ms,
    errorCode: row.error_code,
    message: row.message,
  }));
}

const windowMs = { '1h': 3_600_000, '24h': 86_400_000, '7d': 604_800_000, '30d': 2_592_000_000 } as const;
const windowNames = Object.keys(windowMs) as (keyof typeof windowMs)[];

/**
 * Uptime and latency for each window. Latency is that of the checks that succeeded: what a refused or lost connection took says
 * nothing about how fast the product answers.
 */
export async function selectWindows(tx: TenantTx, integrationId: string, now: Date): Promise<HealthWindow[]> {
  const starts = windowNames.map((name) => new Date(now.getTime() - windowMs[name]));
  const { rows } = await sql<{
    position: string;
    samples: string;
    successes: string;
    percentiles: number[] | null;
  }>`
    SELECT w.position, count(s.id) AS samples, count(s.id) FILTER (WHERE s.success) AS successes,
      percentile_cont(ARRAY[0.5, 0.95, 0.99]) WITHIN GROUP (ORDER BY s.latency_ms) FILTER (WHERE s.success) AS percentiles
    FROM unnest(${starts.map((start) => start.toISOString())}::timestamptz[]) WITH ORDINALITY AS w (start, position)
    LEFT JOIN health_samples AS s ON s.tenant_id = ${tx.tenantId} AND s.integration_id = ${integrationId}
      AND s.checked_at > w.start AND s.checked_at <= ${now}
    GROUP BY w.position ORDER BY w.position
  `.execute(tx.db);
  return windowNames.map((window, index) => {
    const row = rows[index];
    const samples = Number(row?.samples ?? 0);
    const [p50, p95, p99] = row?.percentiles ?? [];
    return {
      window,
      samples,
      uptimePercent: samples === 0 ? null : round((Number(row?.successes ?? 0) / samples) * 100),
      latencyMs:
        p50 === undefined || p95 === undefined || p99 === undefined
          ? null
          : { p50: round(p50), p95: round(p95), p99: round(p99) },
    };
  });
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
