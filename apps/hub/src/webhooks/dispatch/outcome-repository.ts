import { sql } from 'kysely';
import type { SystemTx, TenantTx } from '../../database/database.ts';
import type { EndpointHealth, Slice } from './endpoint-health.ts';
import type { Job, SubscriptionRef } from './queue-row.ts';

/** One try, as it is kept. */
export interface AttemptRecord {
  readonly tenantId: string;
  readonly deliveryId: string;
  readonly number: number;
  readonly startedAt: Date;
  readonly durationMs: number;
  readonly url: string;
  readonly requestHeaders: Readonly<Record<string, string>>;
  readonly requestBody: string;
  readonly responseStatus: number | null;
  readonly responseHeaders: Readonly<Record<string, string>> | null;
  readonly responseBody: string | null;
  readonly errorCode: string | null;
  readonly error: string | null;
  readonly blame: string | null;
}

/** The end of a delivery. */
export interface Finished {
  readonly job: Job;
  readonly status: 'delivered' | 'exhausted' | 'dropped' | 'skipped';
  readonly attempts: number;
  readonly url: string;
  readonly responseStatus: number | null;
  readonly errorCode: string | null;
  readonly at: Date;
}

/** Stays in the queue: for another try, or for a person. */
export interface Kept {
  readonly job: Job;
  readonly state: 'due' | 'parked';
  readonly attempts: number;
  readonly dueAt: Date;
}

/** As one JSON text: the literal of an array would be put together by hand, and every quotation mark in a body escaped by it. */
export async function insertAttempts(tx: SystemTx | TenantTx, attempts: readonly AttemptRecord[]): Promise<void> {
  if (attempts.length === 0) return;
  await sql`
    INSERT INTO webhook_attempts (tenant_id, delivery_id, number, started_at, duration_ms, url, request_headers, request_body,
      response_status, response_headers, response_body, error_code, error, blame)
    SELECT "tenantId", "deliveryId", number, "startedAt", "durationMs", url, "requestHeaders", "requestBody", "responseStatus",
      "responseHeaders", "responseBody", "errorCode", error, blame
    FROM json_to_recordset(${JSON.stringify(attempts)}::json) AS attempt (
      "tenantId" uuid, "deliveryId" uuid, number smallint, "startedAt" timestamptz, "durationMs" float8, url text,
      "requestHeaders" jsonb, "requestBody" text, "responseStatus" int, "responseHeaders" jsonb, "responseBody" text,
      "errorCode" text, error text, blame text)
    ON CONFLICT DO NOTHING`.execute(tx.db);
}

/** Gives leases back. */
export async function keep(tx: SystemTx, kept: readonly Kept[]): Promise<void> {
  if (kept.length === 0) return;
  const column = <Value>(read: (one: Kept) => Value) => kept.map(read);
  await sql`
    UPDATE webhook_queue AS q SET state = d.state, due_at = d.due_at, attempts = d.attempts, lease_id = NULL
    FROM unnest(
      ${column(({ job }) => job.tenantId)}::uuid[], ${column(({ job }) => job.subscriptionId)}::uuid[],
      ${column(({ job }) => job.id)}::uuid[], ${column(({ job }) => job.leaseId)}::uuid[], ${column((one) => one.state)}::text[],
      ${column((one) => one.attempts)}::smallint[], ${column((one) => one.dueAt.toISOString())}::timestamptz[]
    ) AS d (tenant_id, subscription_id, id, lease_id, state, attempts, due_at)
    WHERE q.tenant_id = d.tenant_id AND q.subscription_id = d.subscription_id AND q.id = d.id AND q.lease_id = d.lease_id
  `.execute(tx.db);
}

interface HealthRow {
  tenant_id: string;
  subscription_id: string;
  failing: boolean;
  consecutive_failures: number;
  openings: number;
  blocked_until: Date | null;
  slices: readonly Slice[];
}

/** The health of each, locked until commit; in one order, so that two workers never wait for each other. A deleted one is missing. */
export async function lockHealth(
  tx: SystemTx,
  refs: readonly SubscriptionRef[],
): Promise<readonly (SubscriptionRef & { readonly health: EndpointHealth })[]> {
  const { rows } = await sql<HealthRow>`
    SELECT e.tenant_id, e.subscription_id, e.failing, e.consecutive_failures, e.openings, e.blocked_until, e.slices
    FROM webhook_endpoints e
    WHERE (e.tenant_id, e.subscription_id) IN (
      SELECT * FROM unnest(${refs.map((ref) => ref.tenantId)}::uuid[], ${refs.map((ref) => ref.subscriptionId)}::uuid[]))
    ORDER BY e.tenant_id, e.subscription_id FOR NO KEY UPDATE`.execute(tx.db);
  return rows.map((row) => ({
    tenantId: row.tenant_id,
    subscriptionId: row.subscription_id,
    health: {
      failing: row.failing,
      consecutiveFailures: row.consecutive_failures,
      openings: row.openings,
      blockedUntilMs: row.blocked_until?.getTime() ?? null,
      slices: row.slices,
    },
  }));
}

export interface EndpointUpdate extends SubscriptionRef {
  readonly health: EndpointHealth;
  /** To be added. */
  readonly deliveries: number;
  readonly failures: number;
  readonly lastDeliveryAt: Date;
  readonly lastSuccessAt: Date | null;
  readonly lastError: string | null;
}

export async function saveEndpoints(tx: SystemTx, updates: readonly EndpointUpdate[]): Promise<void> {
  if (updates.length === 0) return;
  const column = <Value>(read: (one: EndpointUpdate) => Value) => updates.map(read);
  await sql`
    UPDATE webhook_endpoints AS e SET failing = d.failing, consecutive_failures = d.consecutive_failures, openings = d.openings,
      blocked_until = d.blocked_until, slices = d.slices, total_deliveries = e.total_deliveries + d.deliveries,
      total_failures = e.total_failures + d.failures, last_delivery_at = greatest(e.last_delivery_at, d.last_delivery_at),
      last_success_at = greatest(e.last_success_at, d.last_success_at),
      last_error = CASE WHEN d.last_success_at IS NOT NULL AND d.last_error IS NULL THEN NULL
        ELSE coalesce(d.last_error, e.last_error) END
    FROM unnest(
      ${column((one) => one.tenantId)}::uuid[], ${column((one) => one.subscriptionId)}::uuid[],
      ${column((one) => one.health.failing)}::boolean[], ${column((one) => one.health.consecutiveFailures)}::int[],
      ${column((one) => one.health.openings)}::int[],
      ${column(({ health }) => (health.blockedUntilMs === null ? null : new Date(health.blockedUntilMs).toISOString()))}::timestamptz[],
      ${column((one) => JSON.stringify(one.health.slices))}::jsonb[], ${column((one) => one.deliveries)}::int[],
      ${column((one) => one.failures)}::int[], ${column((one) => one.lastDeliveryAt.toISOString())}::timestamptz[],
      ${column((one) => one.lastSuccessAt?.toISOString() ?? null)}::timestamptz[], ${column((one) => one.lastError)}::text[]
    ) AS d (tenant_id, subscription_id, failing, consecutive_failures, openings, blocked_until, slices, deliveries, failures,
      last_delivery_at, last_success_at, last_error)
    WHERE e.tenant_id = d.tenant_id AND e.subscription_id = d.subscription_id`.execute(tx.db);
}
