import type { Clock } from '@inthub/contracts';

export interface ManualClock extends Clock {
  /** Moves time on. */
  advance(ms: number): void;
  /** Total of what was slept. */
  readonly sleptMs: number;
}

/** A clock that stands still until it is moved; `sleep` moves it and returns at once. */
export function createManualClock(start = new Date('2026-01-01T00:00:00.000Z')): ManualClock {
  let elapsed = 0;
  let sleptMs = 0;
  return {
    now: () => new Date(start.getTime() + elapsed),
    monotonicMs: () => elapsed,
    advance: (ms) => {
      elapsed += ms;
    },
    sleep: async (ms, signal) => {
      signal?.throwIfAborted();
      elapsed += ms;
      sleptMs += ms;
    },
    get sleptMs() {
      return sleptMs;
    },
  };
}
