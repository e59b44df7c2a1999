import { type Clock, createId, type IntegrationEvent } from '@inthub/contracts';
import { LRUCache } from 'lru-cache';
import type { Database, SystemTx } from '../../database/database.ts';
import { deliveryIdOf } from './delivery-id.ts';
import { type DirectState, findDirectStates, reserveDirect, selectKnown } from './direct-repository.ts';
import {
  type ActiveSubscription,
  findActive,
  findGenerations,
  insertDeliveries,
  lockKeys,
  promoteHeads,
} from './enqueue-repository.ts';
import { createMatcher, type Matcher } from './matcher.ts';
import { type Job, keyOf, type NewDelivery, type SubscriptionRef } from './queue-row.ts';

export interface EnqueueDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly leaseMs: number;
  readonly workerId: string;
}

/** What this worker can do by itself with new deliveries. */
export interface DirectRoom {
  /** How many it can take in hand at once; 0: none. */
  readonly capacity: number;
  /** Whether the deliveries of a subscription ({@link keyOf}) have to be queued. */
  isSlow(key: string): boolean;
  /** Whether it has it in hand already. */
  has(deliveryId: string): boolean;
}

export interface Enqueued {
  /** How many deliveries are new in the queue. */
  readonly queued: number;
  /** New ones that stand in no queue: this worker is to send them, and their events must not be done with before they are written down. */
  readonly jobs: readonly Job[];
  /** Those that it had in hand already. */
  readonly inHand: readonly string[];
}

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
 * Turns events into deliveries, in one transaction and only once for each event, however often it is handed over. Those of endpoints that keep
 * up are this worker's to send at once, without having been queued; all others are put into the queue.
 */
export function createEnqueue({ database, clock, leaseMs, workerId }: EnqueueDeps) {
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
      const atMs = Date.parse(event.timestamp);
      for (const matcher of atHand.get(event.tenantId)?.matchers ?? []) {
        if (atMs < matcher.sinceMs || !matcher.matches(event)) continue;
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

  /** By subscription ({@link keyOf}); those that other workers have for themselves are missing. */
  async function findFree(tx: SystemTx, refs: readonly SubscriptionRef[]): Promise<ReadonlyMap<string, DirectState>> {
    const now = clock.now();
    const ask = { now, workerId, reservedUntil: new Date(now.getTime() + leaseMs / 2) };
    let states = await findDirectStates(tx, refs, ask);
    const wanted = refs.filter((_ref, index) => states[index]?.isFree === true && !states[index].isReserved);
    if (wanted.length > 0) {
      await reserveDirect(tx, wanted, { workerId, now, until: new Date(now.getTime() + leaseMs) });
      // Behind the lock: what others have claimed until then counts.
      states = await findDirectStates(tx, refs, ask);
    }
    return new Map(
      refs.flatMap((ref, index) => {
        const state = states[index];
        return state?.isFree === true && state.isReserved ? [[keyOf(ref), state] as const] : [];
      }),
    );
  }

  function jobOf(delivery: NewDelivery, { version, concurrency }: DirectState, leaseId: string): Job {
    return {
      ...delivery,
      eventId: delivery.event.id,
      eventAt: new Date(delivery.event.timestamp),
      eventType: delivery.event.type,
      attempts: 0,
      attemptsBefore: 0,
      leaseId,
      subscriptionVersion: version,
      concurrency,
    };
  }

  /**
   * One round trip asks all that there is to ask, for what the matchers at hand find; a second writes what has to be queued.
   * @returns undefined when the matchers were not current: they are now, and nothing was done
   */
  async function attempt(
    tx: SystemTx,
    events: readonly IntegrationEvent[],
    atHand: Matchers,
    room: DirectRoom,
  ): Promise<Enqueued | undefined> {
    const now = clock.now();
    const matched = match(events, atHand, now);
    const inHand = matched.filter(({ id }) => room.has(id)).map(({ id }) => id);
    const deliveries = inHand.length === 0 ? matched : matched.filter(({ id }) => !room.has(id));
    const ordered = deliveries.flatMap(({ orderKey, ...ref }) => (orderKey === null ? [] : [{ ...ref, orderKey }]));
    const candidates = deliveries
      .filter((one) => one.orderKey === null && !room.isSlow(keyOf(one)))
      .slice(0, room.capacity);
    const refs = [...new Map(candidates.map((one) => [keyOf(one), one as SubscriptionRef])).values()];
    const [, generations, free, known] = await Promise.all([
      lockKeys(tx, ordered),
      findGenerations(tx, [...atHand.keys()]),
      findFree(tx, refs),
      selectKnown(tx, candidates),
    ]);
    if (!(await refresh(tx, atHand, generations))) return undefined;
    const leaseId = createId<string>();
    const direct = new Map<string, Job>();
    for (const one of candidates) {
      const state = free.get(keyOf(one));
      if (state !== undefined && !known.has(one.id)) direct.set(one.id, jobOf(one, state, leaseId));
    }
    const queueing = deliveries.filter(({ id }) => !direct.has(id) && !known.has(id));
    let queued = 0;
    for (let start = 0; start < queueing.length; start += chunk) {
      queued += (await insertDeliveries(tx, queueing.slice(start, start + chunk))).size;
    }
    await promoteHeads(tx, ordered, now);
    // Nothing is lost with a reservation: then another worker has it.
    if (queueing.length + ordered.length === 0) tx.wroteNothing();
    return { queued, jobs: [...direct.values()], inHand };
  }

  /**
   * Its commit waits for the disk, unlike those of claims: a process that outlives a crash of the server reads on from where it was, and
   * would not come back for what the server has forgotten.
   * @throws HubError `unavailable`: nothing was queued, or all of it was
   */
  return async function enqueue(events: readonly IntegrationEvent[], room: DirectRoom): Promise<Enqueued> {
    if (events.length === 0) return { queued: 0, jobs: [], inHand: [] };
    const atHand: Matchers = new Map(events.map(({ tenantId }) => [tenantId, tenants.get(tenantId)]));
    let enqueued: Enqueued | undefined;
    while (enqueued === undefined) {
      enqueued = await database.system('inthub_dispatcher', (tx) => attempt(tx, events, atHand, room));
    }
    return enqueued;
  };
}

function liveMatcher(subscription: ActiveSubscription): LiveMatcher {
  return { ...createMatcher(subscription), sinceMs: subscription.createdAt.getTime() - clockSkewMs };
}
