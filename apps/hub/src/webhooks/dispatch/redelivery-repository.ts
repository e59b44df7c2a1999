import type { IntegrationEvent } from '@inthub/contracts';
import { sql } from 'kysely';
import type { TenantTx } from '../../database/database.ts';
import { isFinished, isQueued } from './seen-before.ts';

/** How what is sent again is spread: the n-th is due `n / perSecond` seconds after `from`. */
export interface Pace {
  readonly from: Date;
  readonly perSecond: number;
  /** How many were spread before. */
  readonly offset: number;
}

/**
 * Puts given-up deliveries back into the queue, under their old ids and the present revision, oldest event first. Their count of attempts goes
 * on, and the attempt in the row becomes one of its own; retries begin anew. They have no order any more: their turn has passed. Without the event nothing could be sent, so those stay.
 * @returns how many
 */
export async function requeueFinished(tx: TenantTx, ids: readonly string[], pace: Pace): Promise<number> {
  const { numAffectedRows } = await sql`
    WITH wanted AS (
      SELECT h.*, s.revision AS present FROM webhook_deliveries h
      JOIN webhook_subscriptions s ON s.tenant_id = h.tenant_id AND s.id = h.subscription_id
      WHERE h.tenant_id = ${tx.tenantId} AND h.id = ANY (${ids}::uuid[])
        AND EXISTS (SELECT FROM events e WHERE e.tenant_id = h.tenant_id AND e.id = h.event_id AND e.created_at = h.event_at)
    ), gone AS (
      DELETE FROM webhook_deliveries h USING wanted w
      WHERE h.tenant_id = w.tenant_id AND h.id = w.id AND h.event_at = w.event_at
      RETURNING w.*
    ), tried AS (
      INSERT INTO webhook_attempts (tenant_id, delivery_id, number, started_at, duration_ms, url, request_headers, request_body,
        response_status, response_headers, response_body)
      SELECT tenant_id, id, 1, started_at, duration_ms, url, request_headers::jsonb, request_body, response_status, response_headers::jsonb,
        response_body
      FROM gone WHERE started_at IS NOT NULL
      ON CONFLICT DO NOTHING
    )
    INSERT INTO webhook_queue (tenant_id, subscription_id, id, event_id, event_at, event_type, revision, state, due_at, attempts,
      attempts_before)
    SELECT tenant_id, subscription_id, id, event_id, event_at, event_type, present, 'due',
      ${pace.from}::timestamptz + interval '1 second' * ((row_number() OVER (ORDER BY id) - 1 + ${pace.offset}::int) / ${pace.perSecond}::float8),
      attempts, attempts
    FROM gone
    ON CONFLICT DO NOTHING`.execute(tx.db);
  return Number(numAffectedRows ?? 0n);
}

/**
 * Lets parked deliveries go again; ordered ones return to their place in the line and begin as blocked (`promoteHeads` follows), others are due.
 */
export async function unpark(
  tx: TenantTx,
  ids: readonly string[],
  pace: Pace,
): Promise<readonly { subscription_id: string; order_key: string | null }[]> {
  const { rows } = await sql<{ subscription_id: string; order_key: string | null }>`
    UPDATE webhook_queue AS q SET state = CASE WHEN q.order_key IS NULL THEN 'due' ELSE 'blocked' END, lease_id = NULL,
      due_at = ${pace.from}::timestamptz + interval '1 second' * ((p.place - 1 + ${pace.offset}::int) / ${pace.perSecond}::float8),
      attempts_before = q.attempts
    FROM unnest(${ids}::uuid[]) WITH ORDINALITY AS p (id, place)
    WHERE q.tenant_id = ${tx.tenantId} AND q.id = p.id AND q.state = 'parked'
    RETURNING q.subscription_id, q.order_key`.execute(tx.db);
  return rows;
}

/** Makes a waiting delivery due at once, with its retries begun anew. False when it is not waiting (or being sent right now). */
export async function hasten(tx: TenantTx, subscriptionId: string, id: string, now: Date): Promise<boolean> {
  const { numAffectedRows } = await sql`
    UPDATE webhook_queue SET due_at = ${now}, attempts_before = attempts, lease_id = NULL
    WHERE tenant_id = ${tx.tenantId} AND subscription_id = ${subscriptionId} AND id = ${id} AND state = 'due'
      AND (lease_id IS NULL OR due_at <= ${now})`.execute(tx.db);
  return numAffectedRows === 1n;
}

export interface Queued {
  readonly order_key: string | null;
  readonly state: string;
}

export async function findQueued(tx: TenantTx, subscriptionId: string, id: string): Promise<Queued | undefined> {
  const { rows } = await sql<Queued>`
    SELECT order_key, state FROM webhook_queue
    WHERE tenant_id = ${tx.tenantId} AND subscription_id = ${subscriptionId} AND id = ${id}`.execute(tx.db);
  return rows[0];
}

/** Whatever worker has it: what it finds out finds nothing more to write. `due_at` tells from now on since when it waits. */
export async function park(tx: TenantTx, subscriptionId: string, id: string, now: Date): Promise<boolean> {
  const { numAffectedRows } = await sql`
    UPDATE webhook_queue SET state = 'parked', lease_id = NULL, due_at = ${now}
    WHERE tenant_id = ${tx.tenantId} AND subscription_id = ${subscriptionId} AND id = ${id} AND state <> 'parked'
  `.execute(tx.db);
  return numAffectedRows === 1n;
}

/** Out of the queue, into the history as skipped. */
export async function skip(tx: TenantTx, subscriptionId: string, id: string, now: Date): Promise<boolean> {
  const { numAffectedRows } = await sql`
    WITH gone AS (
      DELETE FROM webhook_queue WHERE tenant_id = ${tx.tenantId} AND subscription_id = ${subscriptionId} AND id = ${id}
      RETURNING *
    )
    INSERT INTO webhook_deliveries (tenant_id, subscription_id, id, event_id, event_at, event_type, revision, status, attempts, url,
      order_text, finished_at)
    SELECT g.tenant_id, g.subscription_id, g.id, g.event_id, g.event_at, g.event_type, g.revision, 'skipped', g.attempts,
      coalesce(s.settings ->> 'url', ''), g.order_text, ${now}::timestamptz
    FROM gone g LEFT JOIN webhook_subscriptions s ON s.tenant_id = g.tenant_id AND s.id = g.subscription_id
    ON CONFLICT DO NOTHING`.execute(tx.db);
  return numAffectedRows === 1n;
}

/** Events of the log in the order of their time, after a place in it. */
export async function selectEventsSince(
  tx: TenantTx,
  { after, until, limit }: { after: { at: Date; id: string }; until: Date; limit: number },
): Promise<readonly IntegrationEvent[]> {
  const { rows } = await sql<{
    id: string;
    type: string;
    source: string;
    data: Record<string, unknown>;
    correlation_id: string;
    connector_id: string | null;
    connector_version: string | null;
    created_at: Date;
  }>`
    SELECT id, type, source, data, correlation_id, connector_id, connector_version, created_at FROM events
    WHERE tenant_id = ${tx.tenantId} AND created_at >= ${after.at}::timestamptz AND created_at < ${until}::timestamptz
      AND (created_at, id) > (${after.at}::timestamptz, ${after.id}::uuid)
    ORDER BY created_at, id LIMIT ${limit}`.execute(tx.db);
  return rows.map((row) => ({
    id: row.id,
    type: row.type,
    source: row.source,
    tenantId: tx.tenantId,
    timestamp: row.created_at.toISOString(),
    data: row.data,
    correlationId: row.correlation_id,
    metadata: { connectorId: row.connector_id, connectorVersion: row.connector_version, deliveryAttempt: 0 },
  }));
}

/** Of these deliveries, the ones that were neither queued nor finished. */
export async function selectUnknown(
  tx: TenantTx,
  subscriptionId: string,
  deliveries: readonly { readonly id: string; readonly eventAt: string }[],
): Promise<ReadonlySet<string>> {
  const { rows } = await sql<{ id: string }>`
    SELECT d.id FROM (SELECT ${tx.tenantId}::uuid AS tenant_id, ${subscriptionId}::uuid AS subscription_id, id, event_at
      FROM unnest(${deliveries.map(({ id }) => id)}::uuid[], ${deliveries.map(({ eventAt }) => eventAt)}::timestamptz[])
        AS one (id, event_at)) AS d
    WHERE NOT ${isFinished} AND NOT ${isQueued}`.execute(tx.db);
  return new Set(rows.map(({ id }) => id));
}

/** A test send: straight into the history. */
export async function insertFinished(
  tx: TenantTx,
  one: {
    readonly subscriptionId: string;
    readonly id: string;
    readonly eventId: string;
    readonly eventAt: Date;
    readonly eventType: string;
    readonly revision: number;
    readonly status: 'delivered' | 'exhausted';
    readonly url: string;
    readonly responseStatus: number | null;
    readonly errorCode: string | null;
    readonly at: Date;
  },
): Promise<void> {
  await sql`
    INSERT INTO webhook_deliveries (tenant_id, subscription_id, id, event_id, event_at, event_type, revision, status, attempts, url,
      response_status, error_code, finished_at)
    VALUES (${tx.tenantId}, ${one.subscriptionId}, ${one.id}, ${one.eventId}, ${one.eventAt}, ${one.eventType}, ${one.revision},
      ${one.status}, 1, ${one.url}, ${one.responseStatus}, ${one.errorCode}, ${one.at})`.execute(tx.db);
}
