import type { IntegrationEvent } from '@inthub/contracts';
import { sql } from 'kysely';
import type { SystemTx } from '../../database/database.ts';
import type { Job, SubscriptionRef } from './queue-row.ts';

/** A subscription that this transaction may claim deliveries of; its row in webhook_pacing is locked. */
export interface Open extends SubscriptionRef {
  readonly version: number;
  readonly concurrency: number;
  readonly perSecond: number | null;
  readonly tokens: number;
  readonly refilledAt: Date;
  /** Its circuit was open until now: one probe. */
  readonly failing: boolean;
  /** Another worker sends to it what is in no queue: half of the places are that one's. */
  readonly isShared: boolean;
}

/** Claims and outcomes may be lost with the server: they are then made again, and a delivery perhaps twice. */
export async function relaxDurability(tx: SystemTx): Promise<void> {
  await sql`SET LOCAL synchronous_commit = off`.execute(tx.db);
}

/**
 * Up to `limit` subscriptions that have deliveries in the queue, in the order of their ids from `after` on, and whether something of theirs is
 * due. Steps from one subscription to the next by the index, however many deliveries each has.
 */
export async function scanQueued(
  tx: SystemTx,
  { after, now, limit }: { after: SubscriptionRef; now: Date; limit: number },
): Promise<readonly (SubscriptionRef & { readonly due: boolean })[]> {
  const { rows } = await sql<{ tenant_id: string; subscription_id: string; due: boolean }>`
    WITH RECURSIVE queued AS (
      (SELECT tenant_id, subscription_id, due_at, 1 AS n FROM webhook_queue
        WHERE state = 'due' AND (tenant_id, subscription_id) > (${after.tenantId}::uuid, ${after.subscriptionId}::uuid)
        ORDER BY tenant_id, subscription_id, due_at LIMIT 1)
      UNION ALL
      SELECT next.tenant_id, next.subscription_id, next.due_at, queued.n + 1 FROM queued CROSS JOIN LATERAL (
        SELECT q.tenant_id, q.subscription_id, q.due_at FROM webhook_queue q
        WHERE q.state = 'due' AND (q.tenant_id, q.subscription_id) > (queued.tenant_id, queued.subscription_id)
        ORDER BY q.tenant_id, q.subscription_id, q.due_at LIMIT 1) next
      WHERE queued.n < ${limit}::int
    )
    SELECT tenant_id, subscription_id, due_at <= ${now}::timestamptz AS due FROM queued`.execute(tx.db);
  return rows.map((row) => ({ tenantId: row.tenant_id, subscriptionId: row.subscription_id, due: row.due }));
}

/** Those of the given that may be sent to now and that no other worker is claiming for at this moment. */
export async function lockOpen(
  tx: SystemTx,
  refs: readonly SubscriptionRef[],
  { now, workerId }: { readonly now: Date; readonly workerId: string },
): Promise<readonly Open[]> {
  const { rows } = await sql<{
    tenant_id: string;
    subscription_id: string;
    version: number;
    concurrency: number;
    per_second: number | null;
    tokens: number;
    refilled_at: Date;
    failing: boolean;
    shared: boolean;
  }>`
    SELECT p.tenant_id, p.subscription_id, s.version, (s.settings #>> '{limits,concurrency}')::int AS concurrency,
      (s.settings #>> '{limits,perSecond}')::float8 AS per_second, p.tokens, p.refilled_at, e.failing,
      coalesce(p.direct_by <> ${workerId}::uuid AND p.direct_until > ${now}::timestamptz, false) AS shared
    FROM unnest(${refs.map((ref) => ref.tenantId)}::uuid[], ${refs.map((ref) => ref.subscriptionId)}::uuid[])
      AS wanted (tenant_id, subscription_id)
    JOIN webhook_pacing p USING (tenant_id, subscription_id)
    JOIN webhook_subscriptions s ON s.tenant_id = p.tenant_id AND s.id = p.subscription_id AND s.active
    JOIN webhook_endpoints e ON e.tenant_id = p.tenant_id AND e.subscription_id = p.subscription_id
      AND (e.blocked_until IS NULL OR e.blocked_until <= ${now}::timestamptz)
    FOR NO KEY UPDATE OF p SKIP LOCKED`.execute(tx.db);
  return rows.map((row) => ({
    tenantId: row.tenant_id,
    subscriptionId: row.subscription_id,
    version: row.version,
    concurrency: row.concurrency,
    perSecond: row.per_second,
    tokens: row.tokens,
    refilledAt: row.refilled_at,
    failing: row.failing,
    isShared: row.shared,
  }));
}

/**
 * What each locked subscription has in workers' hands, and whether more of it is due: read after the locks, so that it is true. The first of what is
 * due is asked for in the order of the index: for EXISTS the planner expects a hit at once and reads the whole queue of others to find none.
 */
export async function countLeased(
  tx: SystemTx,
  refs: readonly SubscriptionRef[],
  now: Date,
): Promise<readonly { readonly leased: number; readonly due: boolean }[]> {
  const { rows } = await sql<{ leased: number; due: boolean }>`
    SELECT (SELECT count(*)::int FROM webhook_queue q WHERE q.tenant_id = wanted.tenant_id
        AND q.subscription_id = wanted.subscription_id AND q.lease_id IS NOT NULL AND q.due_at > ${now}::timestamptz) AS leased,
      coalesce((SELECT q.due_at FROM webhook_queue q WHERE q.tenant_id = wanted.tenant_id
        AND q.subscription_id = wanted.subscription_id AND q.state = 'due' ORDER BY q.due_at LIMIT 1) <= ${now}::timestamptz, false) AS due
    FROM unnest(${refs.map((ref) => ref.tenantId)}::uuid[], ${refs.map((ref) => ref.subscriptionId)}::uuid[])
      WITH ORDINALITY AS wanted (tenant_id, subscription_id, position)
    ORDER BY position`.execute(tx.db);
  return rows;
}

export interface Room extends SubscriptionRef {
  readonly version: number;
  readonly concurrency: number;
  readonly take: number;
}

interface ClaimedRow {
  tenant_id: string;
  subscription_id: string;
  id: string;
  event_id: string;
  event_at: Date;
  event_type: string;
  revision: number;
  attempts: number;
  attempts_before: number;
  order_key: string | null;
  order_text: string | null;
  version: number;
  concurrency: number;
}

/** Leases what is due, the longest due first, as many of each subscription as there is room for. */
export async function claimDue(
  tx: SystemTx,
  rooms: readonly Room[],
  { now, leaseUntil, leaseId }: { now: Date; leaseUntil: Date; leaseId: string },
): Promise<readonly Job[]> {
  const { rows } = await sql<ClaimedRow>`
    WITH picked AS (
      SELECT due.tenant_id, due.subscription_id, due.id, room.version, room.concurrency
      FROM unnest(${rooms.map((room) => room.tenantId)}::uuid[], ${rooms.map((room) => room.subscriptionId)}::uuid[],
        ${rooms.map((room) => room.version)}::int[], ${rooms.map((room) => room.concurrency)}::int[],
        ${rooms.map((room) => room.take)}::int[]) AS room (tenant_id, subscription_id, version, concurrency, take)
      CROSS JOIN LATERAL (
        SELECT q.tenant_id, q.subscription_id, q.id FROM webhook_queue q
        WHERE q.tenant_id = room.tenant_id AND q.subscription_id = room.subscription_id AND q.state = 'due'
          AND q.due_at <= ${now}::timestamptz
        ORDER BY q.due_at LIMIT room.take FOR UPDATE SKIP LOCKED) due
    )
    UPDATE webhook_queue AS q SET lease_id = ${leaseId}::uuid, due_at = ${leaseUntil}::timestamptz FROM picked
    WHERE q.tenant_id = picked.tenant_id AND q.subscription_id = picked.subscription_id AND q.id = picked.id
    RETURNING q.tenant_id, q.subscription_id, q.id, q.event_id, q.event_at, q.event_type, q.revision, q.attempts,
      q.attempts_before, q.order_key, q.order_text, picked.version, picked.concurrency`.execute(tx.db);
  const events = await findEvents(tx, rows);
  return rows.map((row) => ({
    tenantId: row.tenant_id,
    subscriptionId: row.subscription_id,
    id: row.id,
    eventId: row.event_id,
    eventAt: row.event_at,
    eventType: row.event_type,
    revision: row.revision,
    attempts: row.attempts,
    attemptsBefore: row.attempts_before,
    orderKey: row.order_key,
    orderText: row.order_text,
    leaseId,
    subscriptionVersion: row.version,
    concurrency: row.concurrency,
    event: events.get(row.event_id),
  }));
}

interface EventRow {
  tenant_id: string;
  id: string;
  type: string;
  source: string;
  data: Record<string, unknown>;
  correlation_id: string;
  connector_id: string | null;
  connector_version: string | null;
  original_webhook_id: string | null;
  created_at: Date;
}

/** LATERAL with LIMIT: each event by its key in its month, whatever the planner believes of the table. */
async function findEvents(tx: SystemTx, rows: readonly ClaimedRow[]): Promise<ReadonlyMap<string, IntegrationEvent>> {
  if (rows.length === 0) return new Map();
  const { rows: found } = await sql<EventRow>`
    SELECT e.* FROM unnest(${rows.map((row) => row.tenant_id)}::uuid[], ${rows.map((row) => row.event_id)}::uuid[],
      ${rows.map((row) => row.event_at.toISOString())}::timestamptz[]) AS wanted (tenant_id, id, at)
    CROSS JOIN LATERAL (
      SELECT tenant_id, id, type, source, data, correlation_id, connector_id, connector_version, original_webhook_id, created_at
      FROM events
      WHERE tenant_id = wanted.tenant_id AND id = wanted.id AND created_at = wanted.at LIMIT 1) e`.execute(tx.db);
  return new Map(
    found.map((row) => [
      row.id,
      {
        id: row.id,
        type: row.type,
        source: row.source,
        tenantId: row.tenant_id,
        timestamp: row.created_at.toISOString(),
        data: row.data,
        correlationId: row.correlation_id,
        metadata: {
          connectorId: row.connector_id,
          connectorVersion: row.connector_version,
          deliveryAttempt: 0,
          ...(row.original_webhook_id === null ? {} : { originalWebhookId: row.original_webhook_id }),
        },
      },
    ]),
  );
}

/** Writes the token buckets back, as of `now`. */
export async function saveTokens(
  tx: SystemTx,
  buckets: readonly (SubscriptionRef & { readonly tokens: number })[],
  now: Date,
): Promise<void> {
  if (buckets.length === 0) return;
  await sql`
    UPDATE webhook_pacing AS p SET tokens = b.tokens, refilled_at = ${now}::timestamptz
    FROM unnest(${buckets.map((one) => one.tenantId)}::uuid[], ${buckets.map((one) => one.subscriptionId)}::uuid[],
      ${buckets.map((one) => one.tokens)}::float8[]) AS b (tenant_id, subscription_id, tokens)
    WHERE p.tenant_id = b.tenant_id AND p.subscription_id = b.subscription_id`.execute(tx.db);
}

/** Prolongs the leases of what is still being sent. */
export async function renewLeases(tx: SystemTx, jobs: readonly Job[], leaseUntil: Date): Promise<void> {
  await sql`
    UPDATE webhook_queue AS q SET due_at = ${leaseUntil}::timestamptz
    FROM unnest(${jobs.map((job) => job.tenantId)}::uuid[], ${jobs.map((job) => job.subscriptionId)}::uuid[],
      ${jobs.map((job) => job.id)}::uuid[], ${jobs.map((job) => job.leaseId)}::uuid[])
      AS mine (tenant_id, subscription_id, id, lease_id)
    WHERE q.tenant_id = mine.tenant_id AND q.subscription_id = mine.subscription_id AND q.id = mine.id
      AND q.lease_id = mine.lease_id`.execute(tx.db);
}

/** Leaves leased deliveries to other workers, at once. */
export async function giveBack(tx: SystemTx, jobs: readonly Job[], now: Date): Promise<void> {
  await sql`
    UPDATE webhook_queue AS q SET due_at = ${now}::timestamptz, lease_id = NULL
    FROM unnest(${jobs.map((job) => job.tenantId)}::uuid[], ${jobs.map((job) => job.subscriptionId)}::uuid[],
      ${jobs.map((job) => job.id)}::uuid[], ${jobs.map((job) => job.leaseId)}::uuid[])
      AS mine (tenant_id, subscription_id, id, lease_id)
    WHERE q.tenant_id = mine.tenant_id AND q.subscription_id = mine.subscription_id AND q.id = mine.id
      AND q.lease_id = mine.lease_id`.execute(tx.db);
}

/** Deliveries that were queued while their subscription was being deleted. Asks of the few subscriptions first, not of the many deliveries. */
export async function removeOrphans(tx: SystemTx, refs: readonly SubscriptionRef[]): Promise<void> {
  const { rows: gone } = await sql<{ tenant_id: string; subscription_id: string }>`
    SELECT seen.tenant_id, seen.subscription_id
    FROM unnest(${refs.map((ref) => ref.tenantId)}::uuid[], ${refs.map((ref) => ref.subscriptionId)}::uuid[])
      AS seen (tenant_id, subscription_id)
    WHERE NOT EXISTS (
      SELECT FROM webhook_subscriptions s WHERE s.tenant_id = seen.tenant_id AND s.id = seen.subscription_id)`.execute(
    tx.db,
  );
  if (gone.length === 0) return;
  await sql`
    DELETE FROM webhook_queue q
    USING unnest(${gone.map((one) => one.tenant_id)}::uuid[], ${gone.map((one) => one.subscription_id)}::uuid[])
      AS seen (tenant_id, subscription_id)
    WHERE q.tenant_id = seen.tenant_id AND q.subscription_id = seen.subscription_id AND NOT EXISTS (
      SELECT FROM webhook_subscriptions s WHERE s.tenant_id = q.tenant_id AND s.id = q.subscription_id)`.execute(tx.db);
}
