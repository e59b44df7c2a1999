import { type Clock, createId, HubError, type IntegrationEvent } from '@inthub/contracts';
import type { Database } from '../../database/database.ts';
import type { Log } from '../../telemetry/telemetry.ts';
import { renewLeases } from './claim-repository.ts';
import { createClaims } from './claims.ts';
import { createDirect } from './direct.ts';
import { createEnqueue } from './enqueue.ts';
import type { QueuedDelivery } from './enqueue-repository.ts';
import { createLanes } from './lanes.ts';
import type { Outcome, OutcomeBatch, SwitchOff } from './outcomes.ts';
import { type Job, keyOf } from './queue-row.ts';
import { createSignal } from './signal.ts';

export interface WorkerOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Log;
  /** Sends one and says what came of it. Never rejects. */
  readonly attempt: (job: Job) => Promise<Outcome>;
  /** Writes a batch. @throws HubError `unavailable` */
  readonly record: (batch: OutcomeBatch) => Promise<readonly SwitchOff[]>;
  /** Switches a failing subscription off. */
  readonly switchOff: (off: SwitchOff) => Promise<void>;
  /** Deliveries in hand at once. Default 1 000. */
  readonly capacity?: number;
  /** Between looks at the queue when nothing was due. Default 200 ms. */
  readonly tickMs?: number;
  /** How long a delivery belongs to a worker that does not say otherwise. Default 10 s. */
  readonly leaseMs?: number;
}

/** What became of events that were handed over. */
export interface Handled {
  /** How many deliveries are new. */
  readonly deliveries: number;
  /**
   * Resolves when each of them is in the queue or in the history: until then only the log knows of them. Rejects with `unavailable` when
   * they have to be handed over again.
   */
  readonly safe: Promise<void>;
}

export interface Worker {
  /** Queues what events ask for; what this worker can send at once begins now. @throws HubError `unavailable` */
  handle(events: readonly IntegrationEvent[]): Promise<Handled>;
  /** Something may have come due. */
  wake(): void;
  start(): void;
  /** Claims no more, lets what is being sent finish (10 s at most), writes all outcomes. */
  stop(): Promise<void>;
}

const outcomesAtOnce = 500;
/** Outcomes of about the same moment are written together: sooner where something in the queue waits for room or for its turn. */
const gatherMs = { waitedFor: 4, otherwise: 12 };
const idleMs = 60_000;
const longestRetryMs = 2_000;
const patienceMs = 10_000;
/**
 * How long many new events at once (`bulk`) wait for what is in hand and in the queue. The log keeps them, and what is queued when there is
 * room for it goes out without being claimed. A few never wait: an endpoint that is slow or dead always has something in the queue.
 */
const roomWaitMs = 50;
const bulk = 100;
/** Tries to write the last outcomes while stopping; what is not written is sent again by another worker. */
const lastTries = 3;

export function createWorker(options: WorkerOptions): Worker {
  const { database, clock, log, attempt, record, switchOff } = options;
  const { capacity = 2_000, tickMs = 200, leaseMs = 10_000 } = options;
  const workerId = createId<string>();
  const enqueue = createEnqueue({ database, clock, leaseMs, workerId });
  const claims = createClaims({ database, clock, leaseMs, workerId });
  const direct = createDirect(clock);
  const stopping = new AbortController();
  /** After the last send: whatever came of it has to be written first. */
  const closing = new AbortController();
  const due = createSignal(clock);
  const written = createSignal(clock);
  const room = createSignal(clock);
  const lanes = createLanes(async (job) => {
    direct.begun(job);
    const outcome = await attempt(job);
    direct.ended(job);
    outcomes.push(outcome);
    // What has not begun yet is the queue's, where the circuit is: an endpoint that fails gets no more than is open already.
    if (outcome.endpoint.kind !== 'success' && direct.has(job)) spilled.push(...lanes.withdraw(direct.has, keyOf(job)));
    written.raise();
  });
  const outcomes: Outcome[] = [];
  /** Taken out of the lanes, to be queued. */
  const spilled: Job[] = [];
  /** More was due than could be taken when we last looked. */
  let hungry = false;
  let running: readonly Promise<void>[] = [];

  async function claimLoop(): Promise<void> {
    for (let pauseMs = 0; !stopping.signal.aborted; ) {
      await due.wait(pauseMs, stopping.signal);
      if (stopping.signal.aborted) return;
      try {
        const { jobs, more } = await claims.claim(capacity - lanes.size);
        lanes.add(jobs);
        hungry = more;
        room.raise();
        pauseMs = jobs.length > 0 ? 0 : tickMs;
      } catch (error) {
        log.warn({ err: error }, 'webhook deliveries cannot be claimed for the moment');
        pauseMs = Math.min(longestRetryMs, Math.max(tickMs, pauseMs * 2));
      }
    }
  }

  async function writeLoop(): Promise<void> {
    while (!closing.signal.aborted || outcomes.length + spilled.length > 0) {
      const untilOverdueMs = direct.untilOverdueMs() ?? idleMs;
      if (outcomes.length + spilled.length === 0 && untilOverdueMs > 0) {
        await written.wait(untilOverdueMs, closing.signal);
        continue;
      }
      if (outcomes.length < outcomesAtOnce && !closing.signal.aborted) await gather();
      const batch = takeBatch();
      // What has waited for long may have just been begun.
      if (batch.outcomes.length + batch.queued.length > 0) await writeBatch(batch);
    }
  }

  async function gather(): Promise<void> {
    const isWaitedFor = hungry || outcomes.some(({ job }) => job.orderKey !== null);
    await clock.sleep(isWaitedFor ? gatherMs.waitedFor : gatherMs.otherwise);
  }

  /** Outcomes, and what is to be queued: nothing else puts a direct delivery down, so that each is written in one way only. */
  function takeBatch(): OutcomeBatch & { readonly queued: readonly Job[] } {
    const ended = outcomes.splice(0, outcomesAtOnce);
    const { sending, waiting } = direct.overdue();
    const late = new Set(waiting);
    const slow = new Set(sending.map(keyOf));
    for (const key of slow) direct.slowDown(key);
    const isLate = (job: Job) => direct.has(job) && (slow.has(keyOf(job)) || late.has(job));
    const idle = spilled.splice(0);
    if (slow.size + late.size > 0) idle.push(...lanes.withdraw(isLate));
    const now = clock.now();
    const leaseUntil = new Date(now.getTime() + leaseMs);
    return {
      outcomes: ended,
      queueing: [
        ...idle.flatMap((job) => queuedOf(job, { dueAt: now, leaseId: null })),
        ...sending.flatMap((job) => queuedOf(job, { dueAt: leaseUntil, leaseId: job.leaseId })),
      ],
      isDirect: direct.has,
      queued: [...idle, ...sending],
    };
  }

  /** Until it is written: the deliveries are in hand meanwhile, so no more of them pile up than this worker may hold. */
  async function writeBatch({ queued, ...batch }: ReturnType<typeof takeBatch>): Promise<void> {
    const ended = batch.outcomes.map(({ job }) => job);
    let tries = 0;
    for (let pauseMs = 50; ; pauseMs = Math.min(longestRetryMs, pauseMs * 2)) {
      try {
        const offs = await record(batch);
        lanes.release(ended);
        direct.settle([...ended, ...queued]);
        room.raise();
        hungry ||= queued.length > 0;
        // There is room again, or the next of a key may go: otherwise nothing has come due by this.
        if (hungry || ended.some(({ orderKey }) => orderKey !== null)) due.raise();
        for (const off of offs) await switchOffSafely(off);
        return;
      } catch (error) {
        tries = stopping.signal.aborted ? tries + 1 : 0;
        const fatal = HubError.from(error).code !== 'unavailable';
        log.error({ err: error, deliveries: ended.length }, 'outcomes of webhook deliveries cannot be written');
        if (fatal || tries >= lastTries) {
          // The leases run out, and the deliveries are made again under the same ids; those that only the log knows of are queued for it.
          lanes.release(ended);
          if (fatal && ended.length > 0) spilled.push(...[...ended, ...queued].filter(direct.has));
          else direct.giveUp([...ended, ...queued]);
          return;
        }
        await clock.sleep(pauseMs);
      }
    }
  }

  async function waitForRoom(wanted: number): Promise<void> {
    const untilMs = clock.monotonicMs() + roomWaitMs;
    while (!stopping.signal.aborted && (hungry || lanes.size + wanted > capacity)) {
      const leftMs = untilMs - clock.monotonicMs();
      if (leftMs <= 0) return;
      await room.wait(leftMs, stopping.signal);
    }
  }

  async function switchOffSafely(off: SwitchOff): Promise<void> {
    try {
      await switchOff(off);
    } catch (error) {
      // The next failure asks for it again.
      log.error({ err: error, ...off }, 'failing subscription could not be disabled');
    }
  }

  async function renewLoop(): Promise<void> {
    while (!stopping.signal.aborted) {
      await clock.sleep(leaseMs / 3, stopping.signal).catch(() => undefined);
      const jobs = lanes.all().filter((job) => !direct.has(job));
      if (jobs.length === 0 || stopping.signal.aborted) continue;
      try {
        const until = new Date(clock.now().getTime() + leaseMs);
        await database.system('inthub_dispatcher', (tx) => renewLeases(tx, jobs, until));
      } catch (error) {
        log.warn({ err: error, deliveries: jobs.length }, 'leases of webhook deliveries could not be renewed');
      }
    }
  }

  return {
    async handle(events) {
      const isWorking = running.length > 0 && !stopping.signal.aborted;
      if (isWorking && events.length >= bulk) await waitForRoom(events.length);
      const { queued, jobs, inHand } = await enqueue(events, {
        capacity: isWorking ? Math.max(0, capacity - lanes.size) : 0,
        isSlow: direct.isSlow,
        has: (id) => direct.find(id) !== undefined,
      });
      if (queued > 0) {
        hungry = true;
        due.raise();
      }
      const safe = Promise.all([direct.add(jobs), ...inHand.map(direct.find)]).then(() => undefined);
      safe.catch(() => undefined); // whoever waits for it hears of it
      // It may have been stopped meanwhile: then nothing is begun any more.
      if (stopping.signal.aborted) direct.giveUp(jobs);
      else lanes.add(jobs);
      written.raise();
      return { deliveries: queued + jobs.length, safe };
    },
    wake: due.raise,
    start() {
      if (running.length > 0) return;
      running = [claimLoop(), writeLoop(), renewLoop()];
    },
    async stop() {
      if (running.length === 0 || stopping.signal.aborted) return;
      const waiting = lanes.drain();
      const leased = waiting.filter((job) => !direct.has(job));
      direct.giveUp(waiting);
      stopping.abort(null);
      const enough = new AbortController();
      await Promise.race([lanes.idle(), clock.sleep(patienceMs, enough.signal).catch(() => undefined)]);
      enough.abort(null);
      closing.abort(null);
      await Promise.all(running);
      direct.giveUp(lanes.all());
      await claims.giveBack(leased).catch((error: unknown) => {
        log.warn(
          { err: error, deliveries: leased.length },
          'leases could not be given back; they run out by themselves',
        );
      });
    },
  };
}

function queuedOf(job: Job, place: Pick<QueuedDelivery, 'dueAt' | 'leaseId'>): QueuedDelivery[] {
  return job.event === undefined ? [] : [{ ...job, event: job.event, ...place }];
}
