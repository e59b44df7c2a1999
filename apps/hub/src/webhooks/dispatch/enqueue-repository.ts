import { sql } from 'kysely';
import type { SystemTx, TenantTx } from '../../database/database.ts';
import type { NewDelivery, SubscriptionRef } from './queue-row.ts';
import { isFinished } from './seen-before.ts';
import type { SubscriptionSettings } from './subscription-record.ts';

export interface ActiveSubscription {
  readonly id: string;
  readonly revision: number;
  readonly settings: SubscriptionSettings;
  readonly createdAt: Date;
}

/** How often the subscriptions of each tenant have changed. */
export async function findGenerations(
  tx: SystemTx,
  tenantIds: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const { rows } = await sql<{ tenant_id: string; generation: string }>`
    SELECT tenant_id, generation FROM webhook_generations WHERE tenant_id = ANY (${tenantIds}::uuid[])`.execute(tx.db);
  return new Map(rows.map((row) => [row.tenant_id, row.generation]));
}

export async function findActive(tx: SystemTx, tenantId: string): Promise<readonly ActiveSubscription[]> {
  const { rows } = await sql<ActiveSubscription>`
    SELECT id, revision, settings, created_at AS "createdAt" FROM webhook_subscriptions WHERE tenant_id = ${tenantId} AND active ORDER BY id
  `.execute(tx.db);
  return rows;
}

/** A delivery as it is put into the queue: `dueAt` is the end of the lease where it has one. */
export interface QueuedDelivery extends NewDelivery {
  readonly attempts?: number;
  readonly leaseId?: string | null;
}

/**
 * Puts deliveries into the queue and returns the ids that are new: what is queued or was delivered before is left as it is. Those of ordered
 * subscriptions begin as blocked; `promoteHeads` lets the first of each key go.
 */
export async function insertDeliveries(
  tx: SystemTx | TenantTx,
  deliveries: readonly QueuedDelivery[],
): Promise<ReadonlySet<string>> {
  if (deliveries.length === 0) return new Set();
  const { rows } = await sql<{ id: string }>`
    INSERT INTO webhook_queue (tenant_id, subscription_id, id, event_id, event_at, event_type, revision, state, due_at, attempts,
      lease_id, order_key, order_text)
    SELECT d.tenant_id, d.subscription_id, d.id, d.event_id, d.event_at, d.event_type, d.revision,
      CASE WHEN d.order_key IS NULL THEN 'due' ELSE 'blocked' END, d.due_at, d.attempts, d.lease_id, d.order_key, d.order_text
    FROM unnest(
      ${deliveries.map((one) => one.tenantId)}::uuid[],
      ${deliveries.map((one) => one.subscriptionId)}::uuid[],
      ${deliveries.map((one) => one.id)}::uuid[],
      ${deliveries.map((one) => one.event.id)}::uuid[],
      ${deliveries.map((one) => one.event.timestamp)}::timestamptz[],
      ${deliveries.map((one) => one.event.type)}::text[],
      ${deliveries.map((one) => one.revision)}::int[],
      ${deliveries.map((one) => one.dueAt.toISOString())}::timestamptz[],
      ${deliveries.map((one) => one.attempts ?? 0)}::smallint[],
      ${deliveries.map((one) => one.leaseId ?? null)}::uuid[],
      ${deliveries.map((one) => one.orderKey)}::text[],
      ${deliveries.map((one) => one.orderText)}::text[]
    ) WITH ORDINALITY AS d (tenant_id, subscription_id, id, event_id, event_at, event_type, revision, due_at, attempts, lease_id,
      order_key, order_text, position)
    WHERE NOT ${isFinished}
    ORDER BY d.position
    ON CONFLICT DO NOTHING
    RETURNING id`.execute(tx.db);
  return new Set(rows.map(({ id }) => id));
}

export interface OrderedKey extends SubscriptionRef {
  readonly orderKey: string;
}

/**
 * Lets only one transaction at a time decide which delivery of a key goes next; in one order over all keys, so that two never wait for each
 * other. Comes before the change, so that the decision sees what others have committed.
 */
export async function lockKeys(tx: SystemTx | TenantTx, keys: readonly OrderedKey[]): Promise<void> {
  if (keys.length === 0) return;
  await sql`
    SELECT pg_advisory_xact_lock(hash) FROM (
      SELECT DISTINCT hashtextextended(key, 17) AS hash
      FROM unnest(${keys.map((one) => `${one.subscriptionId}/${one.orderKey}`)}::text[]) AS key ORDER BY 1
    ) AS ordered`.execute(tx.db);
}

/** Makes the first delivery of each key due, unless it is so already. Parked ones do not count. */
export async function promoteHeads(tx: SystemTx | TenantTx, keys: readonly OrderedKey[], now: Date): Promise<void> {
  if (keys.length === 0) return;
  await sql`
    UPDATE webhook_queue AS q SET state = 'due', due_at = ${now}::timestamptz
    FROM (SELECT DISTINCT * FROM unnest(${keys.map((one) => one.tenantId)}::uuid[],
      ${keys.map((one) => one.subscriptionId)}::uuid[], ${keys.map((one) => one.orderKey)}::text[])
      AS k (tenant_id, subscription_id, order_key)) AS k
    CROSS JOIN LATERAL (
      SELECT first.id FROM webhook_queue first
      WHERE first.tenant_id = k.tenant_id AND first.subscription_id = k.subscription_id AND first.order_key = k.order_key
        AND first.state <> 'parked'
      ORDER BY first.seq LIMIT 1) AS head
    WHERE q.tenant_id = k.tenant_id AND q.subscription_id = k.subscription_id AND q.id = head.id AND q.state = 'blocked'
  `.execute(tx.db);
}
