import type { Clock } from '@inthub/contracts';
import type { Log } from './telemetry/telemetry.ts';

/** A part of the running hub that has to be stopped. */
export interface StartedPart {
  readonly name: string;
  /** Lets what is under way end, then ends. */
  stop(): unknown;
  /** Ends what is under way in good order. Called once the grace time is over, and again each second until all parts have stopped. */
  hurry?(): void;
  /** Ends what is still there, whatever it is. */
  cut?(): void;
}

/** How long a stop may take; milliseconds from its beginning. */
export interface StopBounds {
  /** Work under way may end by itself until then; default 10 s. */
  readonly graceMs?: number;
  /** What has not ended in good order by then is cut; default 15 s. */
  readonly cutMs?: number;
  /** All is over by then, but for `leastMs` for each part that hangs; default 25 s. */
  readonly boundMs?: number;
  /** Each part has at least this long; default 2 s. */
  readonly leastMs?: number;
}

/** What was started, in the order of starting. */
export interface StartedParts {
  add(part: StartedPart): void;
  /** Stops every part in reverse order; one that fails or hangs is logged and does not keep the others running. May be called twice. */
  stop(): Promise<void>;
}

const hurryEveryMs = 1_000;
const tooLong = Symbol('too long');

export function createStartedParts(log: Log, clock: Clock, bounds: StopBounds = {}): StartedParts {
  const { graceMs = 10_000, cutMs = 15_000, boundMs = 25_000, leastMs = 2_000 } = bounds;
  const parts: StartedPart[] = [];
  let stopping: Promise<void> | undefined;

  async function stopAll(): Promise<void> {
    const startMs = clock.monotonicMs();
    const over = new AbortController();
    pressOn(over.signal).catch(() => undefined); // ends by the signal only
    for (const part of parts.toReversed()) {
      const leftMs = Math.max(leastMs, boundMs - (clock.monotonicMs() - startMs));
      const given = new AbortController();
      try {
        const late = clock.sleep(leftMs, given.signal).then(() => tooLong);
        late.catch(() => undefined); // it stopped in time
        if ((await Promise.race([part.stop(), late])) === tooLong)
          log.error({ part: part.name, afterMs: leftMs }, 'took too long to stop; left as it is');
      } catch (error) {
        log.error({ err: error, part: part.name }, 'could not stop cleanly');
      } finally {
        given.abort(null);
      }
    }
    over.abort(null);
  }

  async function pressOn(over: AbortSignal): Promise<void> {
    const stepMs = Math.min(hurryEveryMs, Math.max(1, cutMs - graceMs));
    await clock.sleep(graceMs, over);
    for (let waitedMs = graceMs; ; waitedMs += stepMs) {
      for (const part of parts) attempt(part, 'hurry');
      if (waitedMs >= cutMs) for (const part of parts) attempt(part, 'cut');
      await clock.sleep(stepMs, over);
    }
  }

  function attempt(part: StartedPart, what: 'hurry' | 'cut'): void {
    try {
      part[what]?.();
    } catch (error) {
      log.error({ err: error, part: part.name }, 'could not stop cleanly');
    }
  }

  return {
    add: (part) => void parts.push(part),
    stop() {
      stopping ??= stopAll();
      return stopping;
    },
  };
}
