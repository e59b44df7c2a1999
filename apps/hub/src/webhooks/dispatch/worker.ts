import { type Clock, HubError, type IntegrationEvent } from '@inthub/contracts';
import type { Database } from '../../database/database.ts';
import type { Log } from '../../telemetry/telemetry.ts';
import { renewLeases } from './claim-repository.ts';
import { createClaims } from './claims.ts';
import { createEnqueue } from './enqueue.ts';
import { createLanes } from './lanes.ts';
import type { Outcome, SwitchOff } from './outcomes.ts';
import type { Job } from './queue-row.ts';
import { createSignal } from './signal.ts';

export interface WorkerOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Log;
  /** Sends one and says what came of it. Never rejects. */
  readonly attempt: (job: Job) => Promise<Outcome>;
  /** Writes a batch. @throws HubError `unavailable` */
  readonly record: (outcomes: readonly Outcome[]) => Promise<readonly SwitchOff[]>;
  /** Switches a failing subscription off. */
  readonly switchOff: (off: SwitchOff) => Promise<void>;
  /** Deliveries in hand at once. Default 1 000. */
  readonly capacity?: number;
  /** Between looks at the queue when nothing was due. Default 200 ms. */
  readonly tickMs?: number;
  /** How long a delivery belongs to a worker that does not say otherwise. Default 10 s. */
  readonly leaseMs?: number;
}

export interface Worker {
  /** Queues what events ask for; what this worker can send at once begins now. @throws HubError `unavailable` */
  handle(events: readonly IntegrationEvent[]): Promise<number>;
  /** Something may have come due. */
  wake(): void;
  start(): void;
  /** Claims no more, lets what is being sent finish (10 s at most), writes all outcomes. */
  stop(): Promise<void>;
}

const outcomesAtOnce = 500;
/** Outcomes of about the same moment are written together: sooner where something in the queue waits for room or for its turn. */
const gatherMs = { waitedFor: 4, otherwise: 12 };
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
  const enqueue = createEnqueue({ database, clock, leaseMs });
  const claims = createClaims({ database, clock, leaseMs });
  const stopping = new AbortController();
  /** After the last send: whatever came of it has to be written first. */
  const closing = new AbortController();
  const due = createSignal(clock);
  const written = createSignal(clock);
  const room = createSignal(clock);
  const lanes = createLanes(async (job) => {
    outcomes.push(await attempt(job));
    written.raise();
  });
  const outcomes: Outcome[] = [];
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
    while (!closing.signal.aborted || outcomes.length > 0) {
      if (outcomes.length === 0) await written.wait(60_000, closing.signal);
      else {
        if (outcomes.length < outcomesAtOnce && !closing.signal.aborted) await gather();
        await writeBatch(outcomes.splice(0, outcomesAtOnce));
      }
    }
  }

  async function gather(): Promise<void> {
    const isWaitedFor = hungry || outcomes.some(({ job }) => job.orderKey !== null);
    await clock.sleep(isWaitedFor ? gatherMs.waitedFor : gatherMs.otherwise);
  }

  /** Until it is written: the deliveries are in hand meanwhile, so no more of them pile up than this worker may hold. */
  async function writeBatch(batch: readonly Outcome[]): Promise<void> {
    let tries = 0;
    for (let pauseMs = 50; ; pauseMs = Math.min(longestRetryMs, pauseMs * 2)) {
      try {
        const offs = await record(batch);
        lanes.release(batch.map(({ job }) => job));
        room.raise();
        // There is room again, or the next of a key may go: otherwise nothing has come due by this.
        if (hungry || batch.some(({ job }) => job.orderKey !== null)) due.raise();
        for (const off of offs) await switchOffSafely(off);
        return;
      } catch (error) {
        tries = stopping.signal.aborted ? tries + 1 : 0;
        const fatal = HubError.from(error).code !== 'unavailable';
        log.error({ err: error, deliveries: batch.length }, 'outcomes of webhook deliveries cannot be written');
        if (fatal || tries >= lastTries) {
          // The leases run out, and the deliveries are made again under the same ids.
          lanes.release(batch.map(({ job }) => job));
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
      const jobs = lanes.all();
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
      const { queued, jobs } = await enqueue(events, isWorking ? Math.max(0, capacity - lanes.size) : 0);
      lanes.add(jobs);
      if (queued > jobs.length) {
        hungry = true;
        due.raise();
      }
      return queued;
    },
    wake: due.raise,
    start() {
      if (running.length > 0) return;
      running = [claimLoop(), writeLoop(), renewLoop()];
    },
    async stop() {
      if (running.length === 0 || stopping.signal.aborted) return;
      const waiting = lanes.drain();
      stopping.abort(null);
      const enough = new AbortController();
      await Promise.race([lanes.idle(), clock.sleep(patienceMs, enough.signal).catch(() => undefined)]);
      enough.abort();
      closing.abort(null);
      await Promise.all(running);
      await claims.giveBack(waiting).catch((error: unknown) => {
        log.warn(
          { err: error, deliveries: waiting.length },
          'leases could not be given back; they run out by themselves',
        );
      });
    },
  };
}
