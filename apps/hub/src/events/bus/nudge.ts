import type { Clock } from '@inthub/contracts';

/** Lets one loop sleep until there is something to do; a nudge that comes while it is awake is not lost. */
export interface Nudge {
  nudge(): void;
  /** Until the next nudge, `ms` at most, or until `signal` is aborted. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

export function createNudge(clock: Clock): Nudge {
  let isPending = false;
  let wake: (() => void) | undefined;
  return {
    nudge() {
      isPending = true;
      wake?.();
    },
    async wait(ms, signal) {
      if (!isPending && !signal.aborted) {
        const awake = new AbortController();
        wake = () => awake.abort(null);
        signal.addEventListener('abort', wake, { once: true });
        await clock.sleep(ms, awake.signal).catch(() => undefined);
        signal.removeEventListener('abort', wake);
        wake = undefined;
      }
      isPending = false;
    },
  };
}
