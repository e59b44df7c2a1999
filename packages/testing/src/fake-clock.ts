import type { Clock } from '@inthub/contracts';

export interface FakeClock extends Clock {
  /**
   * Moves time forward and wakes the sleepers whose time has come, in order of their due time; each one's continuation (and what
   * it starts sleeping on) runs at its own due time before the next is woken.
   */
  advance(ms: number): Promise<void>;
  /** How many are asleep now. */
  readonly sleeping: number;
  /** Milliseconds until the next sleeper is due; undefined when nobody sleeps. */
  readonly nextDueMs: number | undefined;
  /** Every duration passed to `sleep`, in order of the calls: what a back-off asked for. */
  readonly sleeps: readonly number[];
}

interface Sleeper {
  dueMs: number;
  wake(): void;
}

/** A clock that stands still until told to move. @param start Default 2026-01-01T00:00:00Z. */
export function createFakeClock(start: Date | string = '2026-01-01T00:00:00Z'): FakeClock {
  const startMs = new Date(start).getTime();
  if (Number.isNaN(startMs)) throw new RangeError(`createFakeClock: "${String(start)}" is not a date`);
  let elapsedMs = 0;
  const sleepers: Sleeper[] = [];
  const sleeps: number[] = [];

  return {
    now: () => new Date(startMs + elapsedMs),
    monotonicMs: () => elapsedMs,
    sleep(ms, signal) {
      return new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        sleeps.push(ms);
        const sleeper: Sleeper = {
          dueMs: elapsedMs + Math.max(0, ms),
          wake() {
            signal?.removeEventListener('abort', onAbort);
            resolve();
          },
        };
        const onAbort = (): void => {
          sleepers.splice(sleepers.indexOf(sleeper), 1);
          reject(signal?.reason);
        };
        signal?.addEventListener('abort', onAbort, { once: true });
        // Behind those due at the same moment: first come, first woken.
        const at = sleepers.findIndex(({ dueMs }) => dueMs > sleeper.dueMs);
        sleepers.splice(at === -1 ? sleepers.length : at, 0, sleeper);
      });
    },
    async advance(ms) {
      if (!(ms >= 0)) throw new RangeError(`advance: time moves forward only, got ${ms}`);
      const targetMs = elapsedMs + ms;
      await settle();
      for (let next = sleepers[0]; next !== undefined && next.dueMs <= targetMs; next = sleepers[0]) {
        elapsedMs = Math.max(elapsedMs, next.dueMs);
        sleepers.shift();
        next.wake();
        await settle();
      }
      elapsedMs = targetMs;
    },
    get sleeping() {
      return sleepers.length;
    },
    get nextDueMs() {
      const [first] = sleepers;
      return first && first.dueMs - elapsedMs;
    },
    sleeps,
  };
}

/** Lets everything run that waits for promises only, however long the chain: the macrotask comes after the microtasks. */
async function settle(): Promise<void> {
  await new Promise<void>((resolve) => setImmediate(resolve));
}
