import { type Clock, createId, type IntegrationEvent } from '@inthub/contracts';
import { LRUCache } from 'lru-cache';
import type { Database, SystemTx } from '../../database/database.ts';
import { countLeased, lockOpen, saveTokens } from './claim-repository.ts';
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

interface KnownTenant {
  readonly generation: string;
  readonly matchers: readonly LiveMatcher[];
}

/** Nobody asked for what happened before the subscription was made; clocks of replicas may differ by a little. */
type LiveMatcher = Matcher & { readonly sinceMs: number };
const clockSkewMs = 60_000;

/** Rows of one statement. */
const chunk = 2_000;
const mostTenants = 2_000;

/**
 * Turns events into queued deliveries, in one transaction and only once for each event, however often it is handed over. What an idle endpoint can
 * take at once is leased in the same step, so that it need not be claimed.
 */
export function createEnqueue({ database, clock, leaseMs }: EnqueueDeps) {
  const tenants = new LRUCache<string, KnownTenant>({ max: mostTenants });

  /** Never stale: the generation moves in the transaction of every change of a subscription. */
  async function matchersOf(
    tx: SystemTx,
    tenantIds: readonly string[],
  ): Promise<ReadonlyMap<string, readonly LiveMatcher[]>> {
    const generations = await findGenerations(tx, tenantIds);
    const found = new Map<string, readonly LiveMatcher[]>();
    for (const [tenantId, generation] of generations) {
      let known = tenants.get(tenantId);
      if (known?.generation !== generation) {
        known = { generation, matchers: (await findActive(tx, tenantId)).map(liveMatcher) };
        tenants.set(tenantId, known);
      }
      found.set(tenantId, known.matchers);
    }
    return found;
  }

  function match(
    events: readonly IntegrationEvent[],
    matchers: ReadonlyMap<string, readonly LiveMatcher[]>,
    dueAt: Date,
  ) {
    const deliveries: NewDelivery[] = [];
    for (const event of events) {
      for (const matcher of matchers.get(event.tenantId) ?? []) {
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
  async function chooseDirect(tx: SystemTx, deliveries: readonly NewDelivery[], capacity: number, now: Date) {
    const chosen = new Map<string, { version: number; concurrency: number }>();
    const refs = [...new Map(deliveries.map((one) => [keyOf(one), one as SubscriptionRef])).values()];
    if (refs.length === 0 || capacity <= 0) return chosen;
    const open = await lockOpen(tx, refs, now);
    if (open.length === 0) return chosen;
    const counts = await countLeased(tx, open, now);
    const bySubscription = Map.groupBy(deliveries, keyOf);
    const buckets: (SubscriptionRef & { tokens: number })[] = [];
    let left = capacity;
    for (const [index, one] of open.entries()) {
      const count = counts[index];
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
    await saveTokens(tx, buckets, now);
    return chosen;
  }

  /**
   * @param capacity How many deliveries this worker can take in hand at once; 0: none.
   * @throws HubError `unavailable`: nothing was queued, or all of it was
   */
  return async function enqueue(events: readonly IntegrationEvent[], capacity: number): Promise<Enqueued> {
    const tenantIds = [...new Set(events.map(({ tenantId }) => tenantId))];
    if (tenantIds.length === 0) return { queued: 0, jobs: [] };
    const now = clock.now();
    const lease = { leaseId: createId(), until: new Date(now.getTime() + leaseMs) };
    return database.system('inthub_dispatcher', async (tx) => {
      const deliveries = match(events, await matchersOf(tx, tenantIds), now);
      if (deliveries.length === 0) return { queued: 0, jobs: [] };
      const ordered = deliveries.flatMap(({ orderKey, ...ref }) => (orderKey === null ? [] : [{ ...ref, orderKey }]));
      await lockKeys(tx, ordered);
      const direct = await chooseDirect(
        tx,
        deliveries.filter(({ orderKey }) => orderKey === null),
        capacity,
        now,
      );
      const leased = new Set(direct.keys());
      const queued = new Set<string>();
      for (let start = 0; start < deliveries.length; start += chunk) {
        const inserted = await insertDeliveries(tx, deliveries.slice(start, start + chunk), leased, lease);
        for (const id of inserted) queued.add(id);
      }
      await promoteHeads(tx, ordered, now);
      const jobs = deliveries.flatMap((one): Job[] => {
        const open = direct.get(one.id);
        if (open === undefined || !queued.has(one.id)) return [];
        return [
          {
            ...one,
            eventId: one.event.id,
            eventAt: new Date(one.event.timestamp),
            eventType: one.event.type,
            attempts: 0,
            attemptsBefore: 0,
            leaseId: lease.leaseId,
            subscriptionVersion: open.version,
            concurrency: open.concurrency,
          },
        ];
      });
      return { queued: queued.size, jobs };
    });
  };
}

function liveMatcher(subscription: ActiveSubscription): LiveMatcher {
  return { ...createMatcher(subscription), sinceMs: subscription.createdAt.getTime() - clockSkewMs };
}
