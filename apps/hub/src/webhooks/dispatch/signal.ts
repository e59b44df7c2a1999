import type { Clock } from '@inthub/contracts';

/** A flag that somebody waits for, at most for a while. Raised while nobody waits, it is remembered once. */
export interface Signal {
  raise(): void;
  /** Ends when raised, after `ms`, or when aborted. */
  wait(ms: number, abort: AbortSignal): Promise<void>;
}

export function createSignal(clock: Clock): Signal {
  let raised = false;
  let wakeUp: (() => void) | undefined;
  return {
    raise() {
      raised = true;
      wakeUp?.();
    },
    async wait(ms, abort) {
      if (!raised && ms > 0 && !abort.aborted) {
        const enough = new AbortController();
        wakeUp = () => enough.abort(null);
        await clock.sleep(ms, AbortSignal.any([abort, enough.signal])).catch(() => undefined);
        wakeUp = undefined;
      }
      raised = false;
    },
  };
}
