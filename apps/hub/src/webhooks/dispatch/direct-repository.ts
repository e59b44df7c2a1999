// The arrays stand in subqueries so that the planner does not see how long they are: with that, it makes a new plan for each question, which here costs
// the database five times what answering does.
import { sql } from 'kysely';
import { binaryArray, type SystemTx } from '../../database/database.ts';
import type { SubscriptionRef } from './queue-row.ts';
import { isFinished, isQueued } from './seen-before.ts';

export interface DirectAsk {
  readonly now: Date;
  readonly workerId: string;
  /** A reservation that ends before is to be renewed. */
  readonly reservedUntil: Date;
}

/** Whether deliveries of a subscription may leave without being queued. */
export interface DirectState {
  readonly version: number;
  readonly concurrency: number;
  /** Active, its circuit closed, without a rate limit, nothing of it due, and no more than its places in workers' hands. */
  readonly isFree: boolean;
  /** This worker has it for itself. */
  readonly isReserved: boolean;
}

/**
 * In the order of the given; undefined for one that is gone. Takes no lock: who has reserved a subscription leaves the others half of its
 * places, and they read that under their lock.
 */
export async function findDirectStates(
  tx: SystemTx,
  refs: readonly SubscriptionRef[],
  { now, workerId, reservedUntil }: DirectAsk,
): Promise<readonly (DirectState | undefined)[]> {
  if (refs.length === 0) return [];
  const { rows } = await sql<{
    version: number | null;
    concurrency: number;
    is_open: boolean;
    is_reserved: boolean;
    leased: number;
    is_due: boolean;
  }>`
    SELECT s.version, (s.settings #>> '{limits,concurrency}')::int AS concurrency,
      s.active AND s.settings #>> '{limits,perSecond}' IS NULL AND NOT e.failing
        AND (e.blocked_until IS NULL OR e.blocked_until <= ${now}::timestamptz) AS is_open,
      coalesce(p.direct_by = ${workerId}::uuid AND p.direct_until > ${reservedUntil}::timestamptz, false) AS is_reserved,
      (SELECT count(*)::int FROM webhook_queue q WHERE q.tenant_id = wanted.tenant_id
        AND q.subscription_id = wanted.subscription_id AND q.lease_id IS NOT NULL AND q.due_at > ${now}::timestamptz) AS leased,
      coalesce((SELECT q.due_at FROM webhook_queue q WHERE q.tenant_id = wanted.tenant_id
        AND q.subscription_id = wanted.subscription_id AND q.state = 'due' ORDER BY q.due_at LIMIT 1) <= ${now}::timestamptz, false) AS is_due
    FROM unnest((SELECT ${refs.map((ref) => ref.tenantId)}::uuid[]), (SELECT ${refs.map((ref) => ref.subscriptionId)}::uuid[]))
      WITH ORDINALITY AS wanted (tenant_id, subscription_id, position)
    LEFT JOIN (webhook_subscriptions s
      JOIN webhook_pacing p ON p.tenant_id = s.tenant_id AND p.subscription_id = s.id
      JOIN webhook_endpoints e ON e.tenant_id = s.tenant_id AND e.subscription_id = s.id)
      ON s.tenant_id = wanted.tenant_id AND s.id = wanted.subscription_id
    ORDER BY position`.execute(tx.db);
  return rows.map((row) =>
    row.version === null
      ? undefined
      : {
          version: row.version,
          concurrency: row.concurrency,
          isFree: row.is_open && !row.is_due && row.leased <= row.concurrency,
          isReserved: row.is_reserved,
        },
  );
}

/** Takes the subscriptions that no other worker has, and that nobody is claiming for at this moment. */
export async function reserveDirect(
  tx: SystemTx,
  refs: readonly SubscriptionRef[],
  { workerId, now, until }: { workerId: string; now: Date; until: Date },
): Promise<void> {
  await sql`
    UPDATE webhook_pacing AS p SET direct_by = ${workerId}::uuid, direct_until = ${until}::timestamptz
    FROM (SELECT free.tenant_id, free.subscription_id
      FROM unnest(${refs.map((ref) => ref.tenantId)}::uuid[], ${refs.map((ref) => ref.subscriptionId)}::uuid[])
        AS wanted (tenant_id, subscription_id)
      JOIN webhook_pacing free USING (tenant_id, subscription_id)
      WHERE free.direct_by IS NULL OR free.direct_by = ${workerId}::uuid OR free.direct_until <= ${now}::timestamptz
      FOR NO KEY UPDATE OF free SKIP LOCKED) AS mine
    WHERE p.tenant_id = mine.tenant_id AND p.subscription_id = mine.subscription_id`.execute(tx.db);
}

/** Of these deliveries, the ones that are queued or were finished. */
export async function selectKnown(
  tx: SystemTx,
  deliveries: readonly (SubscriptionRef & { readonly id: string; readonly event: { readonly timestamp: string } })[],
): Promise<ReadonlySet<string>> {
  if (deliveries.length === 0) return new Set();
  const { uuid, timestamptz } = binaryArray;
  const { rows } = await sql<{ id: string }>`
    SELECT d.id FROM unnest((SELECT ${uuid(deliveries.map(({ tenantId }) => tenantId))}::uuid[]),
      (SELECT ${uuid(deliveries.map(({ subscriptionId }) => subscriptionId))}::uuid[]), (SELECT ${uuid(deliveries.map(({ id }) => id))}::uuid[]),
      (SELECT ${timestamptz(deliveries.map(({ event }) => new Date(event.timestamp)))}::timestamptz[]))
      AS d (tenant_id, subscription_id, id, event_at)
    WHERE ${isFinished} OR ${isQueued}`.execute(tx.db);
  return new Set(rows.map(({ id }) => id));
}
