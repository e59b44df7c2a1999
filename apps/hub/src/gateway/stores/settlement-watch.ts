// Waits until a call of another replica has ended: asks now and then, once for all who wait for the same key.
import type { Clock } from '@inthub/contracts';
import { untilAborted } from '../../runtime/runtime.ts';

const firstPauseMs = 20;
const longestPauseMs = 500;

export interface SettlementWatch {
  /** Resolves when the key's call has ended; rejects with the signal's reason. */
  wait(key: string, signal: AbortSignal): Promise<void>;
  /** A call of this replica has ended. */
  wake(key: string): void;
}

interface Watch {
  readonly ended: Promise<void>;
  readonly stop: AbortController;
  waiting: number;
}

/** @param isRunning What it throws counts as yes: who waits gives up at their own deadline. */
export function createSettlementWatch(clock: Clock, isRunning: (key: string) => Promise<boolean>): SettlementWatch {
  const watches = new Map<string, Watch>();

  async function poll(key: string, signal: AbortSignal): Promise<void> {
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
      await clock.sleep(pauseMs, signal);
      if (!(await isRunning(key).catch(() => true))) return;
    }
  }

  function watchOf(key: string): Watch {
    let watch = watches.get(key);
    if (watch === undefined) {
      const stop = new AbortController();
      // Stopped when it was woken, or when nobody waits any more.
      const ended = poll(key, stop.signal).catch(() => undefined);
      watch = { ended, stop, waiting: 0 };
      watches.set(key, watch);
    }
    return watch;
  }

  function end(key: string, watch: Watch): void {
    if (watches.get(key) === watch) watches.delete(key);
    watch.stop.abort(null);
  }

  return {
    async wait(key, signal) {
      const watch = watchOf(key);
      watch.waiting += 1;
      try {
        await untilAborted(watch.ended, signal);
        end(key, watch);
      } finally {
        watch.waiting -= 1;
        if (watch.waiting === 0) end(key, watch);
      }
    },
    wake(key) {
      const watch = watches.get(key);
      if (watch !== undefined) end(key, watch);
    },
  };
}
