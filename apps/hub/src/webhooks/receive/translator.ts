// Turns stored deliveries into events. A worker holds deliveries under a lease; the events and the note that they were made are one
// transaction, which only the holder of the lease can make: however often a worker is killed, a delivery becomes its events once.
import { createId } from '@inthub/contracts';
import { readLeased, returnLeased, settleLeased } from './delivery-repository.ts';
import type { LeasedInbound, PendingInbound } from './inbound-delivery.ts';
import { claimDeliveries, countGone, deleteOldKeys, type InboundClaim } from './ingest-repository.ts';
import { setAsideSettlement } from './settlement.ts';
import { createSettler, type SettlerDeps } from './settler.ts';

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

export interface TranslatorDeps extends SettlerDeps {
  /** Whether storing needs all that this process can do: then translation steps back. */
  isFlooded(): boolean;
  /** Of this process (`Listener.presence`): others tell by it whether who has lost a lease is gone or was slow. */
  readonly presence: number;
}

interface Claimed {
  readonly found: number;
  readonly deliveries: readonly LeasedInbound[];
  readonly lease: string;
}

/** What a crash can delay a delivery by. */
export const leaseMs = 15_000;
const batch = 50;
/** Settled before their lease runs out, even if each batch steps back. */
const maxInMemory = 500;
const maxBytesInMemory = 32 << 20;
const pollMs = 1_000;
const sweepEveryMs = 600_000;
const sweepBatch = 1_000;
const maxSweeps = 200;
/** Storing goes first: in a flood a batch waits for its turn, but never longer than this. */
const stepBackMs = 500;
const lookEveryMs = 50;
/**
 * A delivery whose translation ends the process leaves nothing but a lease that runs out, and so does one that was held by somebody slow. The
 * first time that is taken for a kill like any other; from `aloneAfter` on such a delivery is tried with no other in hand and gets ever more time.
 * It is dead once `mostDeaths` processes have lost it and are gone, without one that has lived through its translation: time alone never
 * makes it so.
 */
const aloneAfter = 2;
const mostDeaths = 5;

export function createTranslator(deps: TranslatorDeps): Translator {
  const { database, clock, log, presence } = deps;
  const settle = createSettler(deps);
  const leaseId = createId<string>();
  let inMemory: PendingInbound[] = [];
  let bytesInMemory = 0;
  /** Begun only while a batch without suspects is being settled, and taken before anything from memory. */
  let ahead: Promise<Claimed> | undefined;
  const stop = new AbortController();
  let isAwake = Promise.withResolvers<void>();
  let running: Promise<void> = Promise.resolve();

  function takeFromMemory(): readonly PendingInbound[] {
    const taken = inMemory.slice(0, batch);
    inMemory = inMemory.slice(batch);
    for (const { body } of taken) bytesInMemory -= body.length;
    return taken;
  }

  async function claimed(): Promise<Claimed> {
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

  function nextClaimed(): Promise<Claimed> {
    const next = ahead ?? claimed();
    ahead = undefined;
    return next;
  }

  /** Claims the next batch while the database writes what became of this one. */
  function claimAhead(): void {
    ahead = claimed();
    // Whoever awaits it hears of it.
    ahead.catch(() => undefined);
  }

  /** One batch from the database; how many were found. */
  async function round(): Promise<{ found: number; settled: number }> {
    const { found, deliveries, lease } = await nextClaimed();
    if (deliveries.length === 0) return { found, settled: 0 };
    const [suspect] = deliveries
      .filter(({ lostLeases }) => lostLeases >= aloneAfter)
      .sort((a, b) => a.lostLeases - b.lostLeases);
    if (suspect !== undefined) {
      // What has come into memory since the batch was claimed ahead goes first: a suspect is tried with nothing else in hand.
      if (inMemory.length === 0) return { found, settled: await tryAlone(suspect) };
      await giveBack(deliveries, lease);
      return { found, settled: 0 };
    }
    if (found === batch) claimAhead();
    return { found, settled: await settle(deliveries, lease) };

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
    for (let waitedMs = 0; waitedMs < stepBackMs && !stop.signal.aborted && deps.isFlooded(); waitedMs += lookEveryMs)
      await clock.sleep(lookEveryMs, stop.signal).catch(() => undefined);
  }

  async function loop(): Promise<void> {
    let sweepAtMs = clock.monotonicMs() + sweepEveryMs;
    while (!stop.signal.aborted) {
      try {
        await stepBack();
        if (inMemory.length > 0 && ahead === undefined) {
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
    await giveBackAll();
  }

  /** What cannot be given back is taken up when its lease runs out. */
  async function giveBackAll(): Promise<void> {
    try {
      await giveBack(inMemory, leaseId);
      if (ahead === undefined) return;
      const { deliveries, lease } = await nextClaimed();
      await giveBack(deliveries, lease);
    } catch (error) {
      log.debug({ err: error }, 'leases were not given back');
    } finally {
      inMemory = [];
    }
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
      for (;;) {
        while (inMemory.length > 0) total += await settle(takeFromMemory(), leaseId);
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
