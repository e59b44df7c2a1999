import { type Job, keyOf } from './queue-row.ts';

/** Deliveries in this worker's hands, by endpoint: each endpoint has its own places, so that a slow one holds up nobody but itself. */
export interface Lanes {
  add(jobs: readonly Job[]): void;
  /** Its outcome was written (or its lease given up): it is in hand no more. */
  release(jobs: readonly Job[]): void;
  /** In hand: waiting, being sent, or with an outcome that is not written yet. */
  readonly size: number;
  all(): readonly Job[];
  /** Takes out what was not begun, of one subscription ({@link keyOf}) or of all. */
  withdraw(isWanted: (job: Job) => boolean, key?: string): readonly Job[];
  /** Takes out what was not begun; nothing is begun from now on. */
  drain(): readonly Job[];
  /** Resolves when nothing is being sent. */
  idle(): Promise<void>;
}

interface Lane {
  waiting: Job[];
  busy: number;
}

/** @param send Never rejects. */
export function createLanes(send: (job: Job) => Promise<void>): Lanes {
  const lanes = new Map<string, Lane>();
  /** By identity: a delivery may come back under another lease while the outcome of the first is still being written. */
  const inHand = new Set<Job>();
  const running = new Set<Promise<void>>();
  let draining = false;

  function pump(key: string, lane: Lane): void {
    for (let next = lane.waiting[0]; next !== undefined && lane.busy < next.concurrency; next = lane.waiting[0]) {
      lane.waiting.shift();
      lane.busy += 1;
      const work = send(next).finally(() => {
        running.delete(work);
        lane.busy -= 1;
        if (!draining) pump(key, lane);
        if (lane.busy === 0 && lane.waiting.length === 0) lanes.delete(key);
      });
      running.add(work);
    }
  }

  function withdraw(isWanted: (job: Job) => boolean, key?: string): readonly Job[] {
    const taken: Job[] = [];
    for (const lane of key === undefined ? lanes.values() : [lanes.get(key)]) {
      if (lane === undefined || lane.waiting.length === 0) continue;
      const [wanted, left] = [lane.waiting.filter(isWanted), lane.waiting.filter((job) => !isWanted(job))];
      if (wanted.length === 0) continue;
      lane.waiting = left;
      taken.push(...wanted);
    }
    for (const job of taken) inHand.delete(job);
    return taken;
  }

  return {
    add(jobs) {
      for (const job of jobs) {
        const key = keyOf(job);
        let lane = lanes.get(key);
        if (lane === undefined) {
          lane = { waiting: [], busy: 0 };
          lanes.set(key, lane);
        }
        inHand.add(job);
        lane.waiting.push(job);
      }
      if (!draining) for (const [key, lane] of lanes) pump(key, lane);
    },
    release(jobs) {
      for (const job of jobs) inHand.delete(job);
    },
    get size() {
      return inHand.size;
    },
    all: () => [...inHand],
    withdraw,
    drain() {
      draining = true;
      return withdraw(() => true);
    },
    async idle() {
      await Promise.all(running);
    },
  };
}
