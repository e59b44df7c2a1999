import { type Clock, createId, type IntegrationEvent } from '@inthub/contracts';
import { LRUCache } from 'lru-cache';
import type { Database, SystemTx } from '../../database/database.ts';
import { countLeased, lockOpen, type Open, saveTokens } from './claim-repository.ts';
import { deliveryIdOf } from './delivery-id.ts';
import {
  type ActiveSubscription,
  findActive,
  findGenerations,
  insertDeliveries,
  lockKeys,
  promoteHeads,
} from './enqueue-repository.ts';
import { createMatcher, type Matcher } from './matcher.ts';
import { refill, roomOf } from './pacing.ts';
import { type Job, keyOf, type NewDelivery, type SubscriptionRef } from './queue-row.ts';

export interface EnqueueDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly leaseMs: number;
}

export interface Enqueued {
  /** How many deliveries are new in the queue. */
  readonly queued: number;
  /** Those of them that this worker has leased and is to send. */
  readonly jobs: readonly Job[];
}

/** By subscription ({@link keyOf}). */
type Counts = ReadonlyMap<string, { readonly leased: number; readonly due: boolean }>;

interface KnownTenant {
  readonly generation: string;
  readonly matchers: readonly LiveMatcher[];
}

/** Of the tenants of one batch. */
type Matchers = Map<string, KnownTenant | undefined>;

/** Nobody asked for what happened before the subscription was made; clocks of replicas may differ by a little. */
type LiveMatcher = Matcher & { readonly sinceMs: number };
const clockSkewMs = 60_000;

/** Rows of one statement. */
const chunk = 2_000;
const mostTenants = 2_000;
/** Generation of a tenant that never had a subscription. */
const none = '';

/**
 * Turns events into queued deliveries, in one transaction and only once for each event, however often it is handed over. What an idle endpoint can
 * take at once is leased in the same step, so that it need not be claimed.
 */
export function createEnqueue({ database, clock, leaseMs }: EnqueueDeps) {
  const tenants = new LRUCache<string, KnownTenant>({ max: mostTenants });

  /**
   * Whether the matchers at hand are still those of their tenants; puts others in the place of those that are not. The generation moves in the
   * transaction of every change of a subscription.
   */
  async function refresh(tx: SystemTx, atHand: Matchers, generations: ReadonlyMap<string, string>): Promise<boolean> {
    let isCurrent = true;
    for (const [tenantId, known] of atHand) {
      const generation = generations.get(tenantId) ?? none;
      if (known?.generation === generation) continue;
      isCurrent = false;
      const active = generation === none ? [] : await findActive(tx, tenantId);
      const fresh = { generation, matchers: active.map(liveMatcher) };
      tenants.set(tenantId, fresh);
      atHand.set(tenantId, fresh);
    }
    return isCurrent;
  }

  function match(events: readonly IntegrationEvent[], atHand: Matchers, dueAt: Date): readonly NewDelivery[] {
    const deliveries: NewDelivery[] = [];
    for (const event of events) {
      for (const matcher of atHand.get(event.tenantId)?.matchers ?? []) {
        if (Date.parse(event.timestamp) < matcher.sinceMs || !matcher.matches(event)) continue;
        const order = matcher.orderKeyOf(event);
        deliveries.push({
          tenantId: event.tenantId,
          subscriptionId: matcher.id,
          id: deliveryIdOf(event.id, matcher.id),
          event,
          revision: matcher.revision,
          orderKey: order?.digest ?? null,
          orderText: order?.text ?? null,
          dueAt,
        });
      }
    }
    return deliveries;
  }

  /** Which of the deliveries this worker may send right away: those of endpoints that keep up. */
  function chooseDirect(
    deliveries: readonly NewDelivery[],
    { open, counts, capacity, now }: { open: readonly Open[]; counts: Counts; capacity: number; now: Date },
  ) {
    const chosen = new Map<string, Open>();
    const buckets: (SubscriptionRef & { tokens: number })[] = [];
    const bySubscription = Map.groupBy(deliveries, keyOf);
    let left = capacity;
    for (const one of open) {
      const count = counts.get(keyOf(one));
      // What waits already goes first.
      if (count === undefined || count.due || one.failing) continue;
      const tokens =
        one.perSecond === null
          ? undefined
          : refill(one.tokens, one.perSecond, now.getTime() - one.refilledAt.getTime());
      const room = Math.min(left, roomOf({ ...one, leased: count.leased, tokens }));
      const mine = (bySubscription.get(keyOf(one)) ?? []).slice(0, room);
      left -= mine.length;
      for (const { id } of mine) chosen.set(id, one);
      if (tokens !== undefined && mine.length > 0) buckets.push({ ...one, tokens: tokens - mine.length });
    }
    return { chosen, buckets };
  }

  /**
   * One round trip asks all that there is to ask, for what the matchers at hand find; a second writes.
   * @returns undefined when the matchers were not current: they are now, and nothing was done
   */
  async function attempt(
    tx: SystemTx,
    events: readonly IntegrationEvent[],
    atHand: Matchers,
    capacity: number,
  ): Promise<Enqueued | undefined> {
    const now = clock.now();
    const lease = { leaseId: createId<string>(), until: new Date(now.getTime() + leaseMs) };
    const deliveries = match(events, atHand, now);
    const ordered = deliveries.flatMap(({ orderKey, ...ref }) => (orderKey === null ? [] : [{ ...ref, orderKey }]));
    const unordered = deliveries.filter(({ orderKey }) => orderKey === null);
    const refs =
      capacity > 0 ? [...new Map(unordered.map((one) => [keyOf(one), one as SubscriptionRef])).values()] : [];
    const [, generations, open, leased] = await Promise.all([
      lockKeys(tx, ordered),
      findGenerations(tx, [...atHand.keys()]),
      refs.length === 0 ? [] : lockOpen(tx, refs, now),
      // Behind the locks, so that it is true.
      refs.length === 0 ? [] : countLeased(tx, refs, now),
    ]);
    if (!(await refresh(tx, atHand, generations))) return undefined;
    if (deliveries.length === 0) return { queued: 0, jobs: [] };
    const counts: Counts = new Map(refs.flatMap((ref, index) => (leased[index] ? [[keyOf(ref), leased[index]]] : [])));
    const { chosen, buckets } = chooseDirect(unordered, { open, counts, capacity, now });
    const chunks: (readonly NewDelivery[])[] = [];
    for (let start = 0; start < deliveries.length; start += chunk) chunks.push(deliveries.slice(start, start + chunk));
    const direct = new Set(chosen.keys());
    const [inserted] = await Promise.all([
      Promise.all(chunks.map((rows) => insertDeliveries(tx, rows, direct, lease))),
      saveTokens(tx, buckets, now),
      promoteHeads(tx, ordered, now),
    ]);
    const queued = new Set(inserted.flatMap((ids) => [...ids]));
    const jobs = deliveries.flatMap((one): Job[] => {
      const subscription = chosen.get(one.id);
      if (subscription === undefined || !queued.has(one.id)) return [];
      return [
        {
          ...one,
          eventId: one.event.id,
          eventAt: new Date(one.event.timestamp),
          eventType: one.event.type,
          attempts: 0,
          attemptsBefore: 0,
          leaseId: lease.leaseId,
          subscriptionVersion: subscription.version,
          concurrency: subscription.concurrency,
        },
      ];
    });
    return { queued: queued.size, jobs };
  }

  /**
   * Its commit waits for the disk, unlike those of claims and outcomes: a process that outlives a crash of the server reads on from where it
   * was, and would not come back for what the server has forgotten.
   * @param capacity How many deliveries this worker can take in hand at once; 0: none.
   * @throws HubError `unavailable`: nothing was queued, or all of it was
   */
  return async function enqueue(events: readonly IntegrationEvent[], capacity: number): Promise<Enqueued> {
    if (events.length === 0) return { queued: 0, jobs: [] };
    const atHand: Matchers = new Map(events.map(({ tenantId }) => [tenantId, tenants.get(tenantId)]));
    let enqueued: Enqueued | undefined;
    while (enqueued === undefined) {
      enqueued = await database.system('inthub_dispatcher', (tx) => attempt(tx, events, atHand, capacity));
    }
    return enqueued;
  };
}

function liveMatcher(subscription: ActiveSubscription): LiveMatcher {
  return { ...createMatcher(subscription), sinceMs: subscription.createdAt.getTime() - clockSkewMs };
}
