// Turns stored deliveries into events. A worker holds deliveries under a lease; the events and the note that they were made are one
// transaction, which only the holder of the lease can make: however often a worker is killed, a delivery becomes its events once.
import { type Clock, createId, HubError, type TenantId } from '@inthub/contracts';
import type { Database } from '../../database/database.ts';
import type { EventWriter, NewEvent } from '../../events/events.ts';
import type { Log } from '../../telemetry/telemetry.ts';
import { acquit, readLeased, returnLeased, type Settlement, settleLeased } from './delivery-repository.ts';
import type { LeasedInbound, PendingInbound } from './inbound-delivery.ts';
import type { IngestMetrics } from './ingest-metrics.ts';
import { claimDeliveries, countGone, deleteOldKeys, type InboundClaim } from './ingest-repository.ts';
import { setAsideSettlement, settlementOf } from './settlement.ts';
import { type TranslateDeps, translateDelivery } from './translate-delivery.ts';

export interface Translator {
  /** Takes over deliveries that were stored a moment ago under `leaseId`; false when it has too much to do, and for none of them. */
  readonly leaseId: string;
  accept(deliveries: readonly PendingInbound[]): void;
  /** Whether there is room for more in memory. */
  readonly hasRoom: boolean;
  /** Looks for waiting deliveries now. */
  wake(): void;
  /** Translates what is due until nothing is; returns how many were settled. */
  runDue(): Promise<number>;
  start(): void;
  stop(): Promise<void>;
}

export interface TranslatorDeps extends TranslateDeps {
  readonly database: Database;
  readonly events: EventWriter;
  readonly metrics: IngestMetrics;
  readonly clock: Clock;
  readonly log: Log;
  /** Deliveries that wait to be stored: while there are many, translation steps back. */
  storing(): number;
  /** Of this process (`Listener.presence`): others tell by it whether who has lost a lease is gone or was slow. */
  readonly presence: number;
}

/** What a crash can delay a delivery by. */
export const leaseMs = 15_000;
const batch = 50;
const maxInMemory = 1_000;
const maxBytesInMemory = 32 << 20;
const pollMs = 1_000;
const sweepEveryMs = 600_000;
const sweepBatch = 1_000;
const maxSweeps = 200;
/** Storing goes first: above this many waiting deliveries a batch waits for its turn, but never long. */
const busyAbove = 16;
const stepBackMs = 100;
/**
 * A delivery whose translation ends the process leaves nothing but a lease that runs out, and so does one that was held by somebody slow. The
 * first time that is taken for a kill like any other; from `aloneAfter` on such a delivery is tried with no other in hand and gets ever more time.
 * It is dead once `mostDeaths` processes have lost it and are gone, without one that has lived through its translation: time alone never
 * makes it so.
 */
const aloneAfter = 2;
const mostDeaths = 5;

export function createTranslator(deps: TranslatorDeps): Translator {
  const { database, events, metrics, clock, log, presence } = deps;
  const leaseId = createId<string>();
  let inMemory: PendingInbound[] = [];
  let bytesInMemory = 0;
  const stop = new AbortController();
  let isAwake = Promise.withResolvers<void>();
  let running: Promise<void> = Promise.resolve();

  async function settle(deliveries: readonly PendingInbound[], lease: string): Promise<number> {
    let settled = 0;
    for (const [tenantId, own] of Map.groupBy(deliveries, (delivery) => delivery.tenantId)) {
      try {
        settled += await settleTenant(tenantId, own, lease);
      } catch (error) {
        settled += await settleRest(tenantId, own, lease, error);
      }
    }
    return settled;
  }

  /** One that cannot be stored must not hold back the others of its batch: each is tried alone, and that one is set aside. */
  async function settleRest(
    tenantId: TenantId,
    deliveries: readonly PendingInbound[],
    lease: string,
    error: unknown,
  ): Promise<number> {
    const [only] = deliveries;
    log.warn({ err: error, tenantId, deliveries: deliveries.length }, 'translated deliveries could not be stored');
    // Their leases run out, and they are taken up again; also where nobody knows whether they were settled.
    if (only === undefined || (error instanceof HubError && (error.retryable || error.code === 'unavailable')))
      return 0;
    if (deliveries.length > 1) {
      let settled = 0;
      for (const delivery of deliveries) settled += await settle([delivery], lease);
      return settled;
    }
    const settlement = settlementOf(
      only,
      { ok: false, error: `Its events could not be stored: ${reasonOf(error)}`, final: true, cause: error },
      clock.now(),
    );
    return database
      .tenant(tenantId, (tx) => settleLeased(tx, lease, [settlement], clock.now()))
      .then(
        (done) => done.size,
        () => 0,
      );
  }

  async function settleTenant(
    tenantId: TenantId,
    deliveries: readonly PendingInbound[],
    lease: string,
  ): Promise<number> {
    const eventsOf = new Map<string, readonly NewEvent[]>();
    const settlements: Settlement[] = [];
    const connectors = new Map<string, string>();
    for (const delivery of deliveries) {
      const translation = await translateDelivery(deps, delivery);
      connectors.set(delivery.id, delivery.webhookId.split('.')[0] ?? 'unknown');
      if (translation.ok) eventsOf.set(delivery.id, translation.events);
      else
        log.warn(
          { err: translation.cause, deliveryId: delivery.id, webhookId: delivery.webhookId },
          'delivery could not be translated',
        );
      settlements.push(settlementOf(delivery, translation, clock.now()));
    }
    const done = await database.tenant(tenantId, async (tx) => {
      const held = await settleLeased(tx, lease, settlements, clock.now());
      const lost = deliveries.filter(({ id }) => !held.has(id));
      if (lost.length > 0) await acquit(tx, lost);
      tx.commitBehindNext();
      await events.appendAll(
        tx,
        deliveries.flatMap(({ id }) => (held.has(id) ? (eventsOf.get(id) ?? []) : [])),
      );
      return held;
    });
    for (const { id, status } of settlements) {
      if (!done.has(id)) continue;
      metrics.translations.inc({
        connector: connectors.get(id) ?? 'unknown',
        status: status === 'pending' ? 'retried' : status,
      });
    }
    return done.size;
  }

  function takeFromMemory(): readonly PendingInbound[] {
    const taken = inMemory.slice(0, batch);
    inMemory = inMemory.slice(batch);
    for (const { body } of taken) bytesInMemory -= body.length;
    return taken;
  }

  async function claimed(): Promise<{
    readonly found: number;
    readonly deliveries: readonly LeasedInbound[];
    readonly lease: string;
  }> {
    // Its own for each claim: what this one loses by time it can claim anew without mistaking the two.
    const lease = createId<string>();
    const now = clock.now();
    const claims = await database.system('inthub_ingest', (tx) =>
      claimDeliveries(tx, { now, leaseMs, leaseId: lease, holder: presence, limit: batch }),
    );
    const deliveries: LeasedInbound[] = [];
    for (const [tenantId, own] of Map.groupBy(claims, (claim: InboundClaim) => claim.tenantId))
      deliveries.push(...(await database.tenant(tenantId, (tx) => readLeased(tx, lease, own))));
    return { found: claims.length, deliveries, lease };
  }

  /** One batch from the database; how many were found. */
  async function round(): Promise<{ found: number; settled: number }> {
    const { found, deliveries, lease } = await claimed();
    if (deliveries.length === 0) return { found, settled: 0 };
    const [suspect] = deliveries
      .filter(({ lostLeases }) => lostLeases >= aloneAfter)
      .sort((a, b) => a.lostLeases - b.lostLeases);
    return { found, settled: suspect === undefined ? await settle(deliveries, lease) : await tryAlone(suspect) };

    /** Nothing else is held meanwhile: should the process end, it is this one that has lost its lease. */
    async function tryAlone(one: LeasedInbound): Promise<number> {
      await giveBack(
        deliveries.filter(({ id }) => id !== one.id),
        lease,
      );
      const { lostBy } = one;
      const deaths =
        lostBy.length < mostDeaths ? 0 : await database.system('inthub_ingest', (tx) => countGone(tx, lostBy));
      return deaths < mostDeaths ? settle([one], lease) : setAside(one, deaths, lease);
    }
  }

  async function giveBack(deliveries: readonly PendingInbound[], lease: string): Promise<void> {
    for (const [tenantId, own] of Map.groupBy(deliveries, (delivery) => delivery.tenantId))
      await database.tenant(tenantId, (tx) => returnLeased(tx, lease, own, clock.now()));
  }

  async function setAside(one: LeasedInbound, deaths: number, lease: string): Promise<number> {
    const { tenantId, id, webhookId } = one;
    log.warn({ tenantId, deliveryId: id, webhookId, deaths }, 'a delivery that ends the process is set aside');
    const settlement = setAsideSettlement(one, deaths, clock.now());
    const done = await database.tenant(tenantId, (tx) => settleLeased(tx, lease, [settlement], clock.now()));
    return done.size;
  }

  async function stepBack(): Promise<void> {
    if (deps.storing() > busyAbove) await clock.sleep(stepBackMs, stop.signal).catch(() => undefined);
  }

  async function loop(): Promise<void> {
    let sweepAtMs = clock.monotonicMs() + sweepEveryMs;
    while (!stop.signal.aborted) {
      try {
        await stepBack();
        if (inMemory.length > 0) {
          await settle(takeFromMemory(), leaseId);
          continue;
        }
        if (clock.monotonicMs() >= sweepAtMs) {
          sweepAtMs = clock.monotonicMs() + sweepEveryMs;
          await sweep();
        }
        if ((await round()).found > 0) continue;
      } catch (error) {
        log.warn({ err: error }, 'waiting deliveries could not be read');
      }
      await idle();
    }
    // What cannot be given back is taken up when its lease runs out.
    await giveBack(inMemory, leaseId).catch((error) => log.debug({ err: error }, 'leases were not given back'));
    inMemory = [];
  }

  async function idle(): Promise<void> {
    const patience = new AbortController();
    const onStop = () => patience.abort(null);
    stop.signal.addEventListener('abort', onStop, { once: true });
    if (stop.signal.aborted) onStop();
    if (inMemory.length === 0)
      await Promise.race([isAwake.promise, clock.sleep(pollMs, patience.signal).catch(() => undefined)]);
    isAwake = Promise.withResolvers();
    stop.signal.removeEventListener('abort', onStop);
    patience.abort(null);
  }

  async function sweep(): Promise<void> {
    for (let i = 0; i < maxSweeps && !stop.signal.aborted; i += 1) {
      const removed = await database.system('inthub_ingest', (tx) => deleteOldKeys(tx, sweepBatch));
      if (removed < sweepBatch) return;
    }
  }

  return {
    leaseId,
    get hasRoom() {
      return !stop.signal.aborted && inMemory.length < maxInMemory && bytesInMemory < maxBytesInMemory;
    },
    accept(deliveries) {
      inMemory.push(...deliveries);
      for (const { body } of deliveries) bytesInMemory += body.length;
      isAwake.resolve();
    },
    wake: () => isAwake.resolve(),
    async runDue() {
      let total = 0;
      while (inMemory.length > 0) total += await settle(takeFromMemory(), leaseId);
      for (;;) {
        const { found, settled } = await round();
        total += settled;
        if (found === 0) return total;
      }
    },
    start() {
      running = loop();
    },
    async stop() {
      stop.abort(null);
      await running;
    },
  };
}

/** Nested deeper than can be written, larger than an event may be, or something that the log tells. */
function reasonOf(error: unknown): string {
  if (error instanceof RangeError) return 'they are nested too deep.';
  return error instanceof HubError ? error.message : 'the hub’s log tells the cause.';
}
