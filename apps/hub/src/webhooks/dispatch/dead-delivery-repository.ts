// Deliveries that wait for a person: those whose retries ran out, and parked ones. A failed test send is none of them: a person has seen it.
import type { IntegrationEvent } from '@inthub/contracts';
import { type RawBuilder, sql } from 'kysely';
import type { TenantTx } from '../../database/database.ts';

/** All given fields must hold. Times are those of the giving up. */
export interface DeadDeliveryQuery {
  readonly ids?: readonly string[];
  readonly subscriptionId?: string;
  /** Type pattern of the event. */
  readonly type: { readonly exact: string } | { readonly prefix: string } | 'any';
  /** Of the event. */
  readonly source?: string;
  readonly since?: Date;
  readonly until?: Date;
}

export interface DeadDeliveryRow {
  readonly id: string;
  readonly subscriptionId: string;
  readonly eventType: string;
  readonly status: 'exhausted' | 'parked';
  readonly attempts: number;
  /** Of the last attempt; null when there was none, or when it is no longer kept. */
  readonly errorCode: string | null;
  readonly error: string | null;
  readonly deadAt: Date;
  /** Null when the log no longer has it: then it cannot be sent again. */
  readonly event: IntegrationEvent | null;
}

interface Sides {
  /** In the history. */
  readonly exhausted: RawBuilder<unknown>;
  /** In the queue, where `due_at` of a parked one is when it was parked. */
  readonly parked: RawBuilder<unknown>;
}

function sidesOf(tx: TenantTx, query: DeadDeliveryQuery, onlySendable: boolean): Sides {
  const { ids, subscriptionId, type, source, since, until } = query;
  const both: RawBuilder<unknown>[] = [sql`d.tenant_id = ${tx.tenantId}`];
  if (ids !== undefined) both.push(sql`d.id = ANY (${ids as string[]}::uuid[])`);
  if (subscriptionId !== undefined) both.push(sql`d.subscription_id = ${subscriptionId}`);
  if (type !== 'any') {
    both.push('exact' in type ? sql`d.event_type = ${type.exact}` : sql`starts_with(d.event_type, ${type.prefix})`);
  }
  const isEvent = sql`e.tenant_id = d.tenant_id AND e.id = d.event_id AND e.created_at = d.event_at`;
  if (source !== undefined) {
    both.push(sql`EXISTS (SELECT FROM events e WHERE ${isEvent} AND e.source = ${source})`);
  }
  const side = (only: RawBuilder<unknown>, at: RawBuilder<unknown>) => {
    const all = [only, ...both];
    if (since !== undefined) all.push(sql`${at} >= ${since}::timestamptz`);
    if (until !== undefined) all.push(sql`${at} < ${until}::timestamptz`);
    return sql.join(all, sql` AND `);
  };
  const sendable = sql`EXISTS (SELECT FROM events e WHERE ${isEvent}) AND EXISTS (SELECT FROM webhook_subscriptions s
    WHERE s.tenant_id = d.tenant_id AND s.id = d.subscription_id)`;
  return {
    exhausted: side(
      sql`d.status = 'exhausted' AND d.event_type <> 'webhook.test' AND ${onlySendable ? sendable : sql`true`}`,
      sql`d.finished_at`,
    ),
    parked: side(sql`d.state = 'parked'`, sql`d.due_at`),
  };
}

interface EventRow {
  event_source: string | null;
  event_data: Record<string, unknown>;
  correlation_id: string;
  connector_id: string | null;
  connector_version: string | null;
  event_id: string;
  event_at: Date;
  eventType: string;
}

/** Newest first, after `after`. */
export async function selectDead(
  tx: TenantTx,
  query: DeadDeliveryQuery,
  { after, limit }: { readonly after?: { readonly at: Date; readonly id: string }; readonly limit: number },
): Promise<readonly DeadDeliveryRow[]> {
  const { exhausted, parked } = sidesOf(tx, query, false);
  const behind = (at: RawBuilder<unknown>) =>
    after === undefined ? sql`true` : sql`(${at}, d.id) < (${after.at}::timestamptz, ${after.id}::uuid)`;
  const columns = sql`d.id, d.subscription_id, d.event_id, d.event_at, d.event_type, d.attempts`;
  const { rows } = await sql<Omit<DeadDeliveryRow, 'event'> & EventRow>`
    WITH found AS (
      (SELECT ${columns}, 'exhausted' AS status, d.error_code, d.finished_at AS dead_at FROM webhook_deliveries d
        WHERE ${exhausted} AND ${behind(sql`d.finished_at`)} ORDER BY d.finished_at DESC, d.id DESC LIMIT ${limit})
      UNION ALL
      (SELECT ${columns}, 'parked', NULL, d.due_at FROM webhook_queue d
        WHERE ${parked} AND ${behind(sql`d.due_at`)} ORDER BY d.due_at DESC, d.id DESC LIMIT ${limit})
      ORDER BY dead_at DESC, id DESC LIMIT ${limit}
    )
    SELECT f.id, f.subscription_id AS "subscriptionId", f.event_id, f.event_at, f.event_type AS "eventType", f.status, f.attempts,
      coalesce(a.error_code, f.error_code) AS "errorCode", a.error, f.dead_at AS "deadAt",
      e.source AS event_source, e.data AS event_data, e.correlation_id, e.connector_id, e.connector_version
    FROM found f
    LEFT JOIN events e ON e.tenant_id = ${tx.tenantId} AND e.id = f.event_id AND e.created_at = f.event_at
    LEFT JOIN LATERAL (SELECT error_code, error FROM webhook_attempts
      WHERE tenant_id = ${tx.tenantId} AND delivery_id = f.id ORDER BY started_at DESC LIMIT 1) a ON true
    ORDER BY f.dead_at DESC, f.id DESC`.execute(tx.db);
  return rows.map(({ id, subscriptionId, eventType, status, attempts, errorCode, error, deadAt, ...row }) => ({
    id,
    subscriptionId,
    eventType,
    status,
    attempts,
    errorCode,
    error,
    deadAt,
    event: toEvent(tx, { ...row, eventType }),
  }));
}

function toEvent({ tenantId }: TenantTx, row: EventRow): IntegrationEvent | null {
  if (row.event_source === null) return null;
  return {
    id: row.event_id,
    type: row.eventType,
    source: row.event_source,
    tenantId,
    timestamp: row.event_at.toISOString(),
    data: row.event_data,
    correlationId: row.correlation_id,
    metadata: { connectorId: row.connector_id, connectorVersion: row.connector_version, deliveryAttempt: 0 },
  };
}

export interface DeadIds {
  readonly exhausted: readonly string[];
  readonly parked: readonly string[];
}

/** The ones that were given up first, at most `limit`. @param onlySendable those that can be sent again */
export async function selectOldestDead(
  tx: TenantTx,
  query: DeadDeliveryQuery,
  { limit, onlySendable }: { readonly limit: number; readonly onlySendable: boolean },
): Promise<DeadIds> {
  const { exhausted, parked } = sidesOf(tx, query, onlySendable);
  const { rows } = await sql<{ id: string; parked: boolean }>`
    (SELECT d.id, false AS parked, d.finished_at AS dead_at FROM webhook_deliveries d
      WHERE ${exhausted} ORDER BY d.finished_at, d.id LIMIT ${limit})
    UNION ALL
    (SELECT d.id, true, d.due_at FROM webhook_queue d WHERE ${parked} ORDER BY d.due_at, d.id LIMIT ${limit})
    ORDER BY dead_at, id LIMIT ${limit}`.execute(tx.db);
  const idsOf = (isParked: boolean) => rows.filter((row) => row.parked === isParked).map(({ id }) => id);
  return { exhausted: idsOf(false), parked: idsOf(true) };
}

/** Given up for good: they stay in the history, as skipped. @returns how many */
export async function skipDead(tx: TenantTx, { exhausted, parked }: DeadIds, now: Date): Promise<number> {
  const changed = await sql`
    UPDATE webhook_deliveries SET status = 'skipped'
    WHERE tenant_id = ${tx.tenantId} AND id = ANY (${exhausted as string[]}::uuid[]) AND status = 'exhausted'`.execute(
    tx.db,
  );
  const moved = await sql`
    WITH gone AS (
      DELETE FROM webhook_queue WHERE tenant_id = ${tx.tenantId} AND id = ANY (${parked as string[]}::uuid[]) AND state = 'parked'
      RETURNING *
    )
    INSERT INTO webhook_deliveries (tenant_id, subscription_id, id, event_id, event_at, event_type, revision, status, attempts, url,
      order_text, finished_at)
    SELECT g.tenant_id, g.subscription_id, g.id, g.event_id, g.event_at, g.event_type, g.revision, 'skipped', g.attempts,
      coalesce(s.settings ->> 'url', ''), g.order_text, ${now}::timestamptz
    FROM gone g LEFT JOIN webhook_subscriptions s ON s.tenant_id = g.tenant_id AND s.id = g.subscription_id
    ON CONFLICT DO NOTHING`.execute(tx.db);
  return Number(changed.numAffectedRows ?? 0n) + Number(moved.numAffectedRows ?? 0n);
}
