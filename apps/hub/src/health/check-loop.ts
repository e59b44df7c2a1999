import type { Clock } from '@inthub/contracts';
import type { Log } from '../telemetry/telemetry.ts';

export interface CheckLoopOptions<Job> {
  /** Takes up to `limit` jobs. */
  readonly claim: (limit: number) => Promise<readonly Job[]>;
  /** Does one; never rejects, and ends soon after `signal` aborts. */
  readonly run: (job: Job, signal: AbortSignal) => Promise<void>;
  readonly concurrency: number;
  /** How long to wait before looking again when nothing was due. */
  readonly tickMs: number;
  readonly clock: Clock;
  readonly log: Log;
}

export interface CheckLoop {
  /** Works until nothing is due and nothing runs; returns how many jobs were done. */
  untilIdle(signal: AbortSignal): Promise<number>;
  /** Works until aborted, then waits for what still runs. A database that is away is waited for. */
  untilAborted(signal: AbortSignal): Promise<void>;
}

/** A fixed number of places, each filled again as soon as it is free, so that a slow job holds up nobody but itself. */
export function createCheckLoop<Job>(options: CheckLoopOptions<Job>): CheckLoop {
  const { claim, run, concurrency, tickMs, clock, log } = options;

  async function work(signal: AbortSignal, isOver: (pass: { claimed: number; running: number }) => boolean) {
    const running = new Set<Promise<void>>();
    let done = 0;
    try {
      while (!signal.aborted) {
        const free = concurrency - running.size;
        const jobs = free === 0 ? [] : await claim(free);
        for (const job of jobs) {
          const place = run(job, signal).finally(() => running.delete(place));
          running.add(place);
        }
        done += jobs.length;
        if (isOver({ claimed: jobs.length, running: running.size })) break;
        // Every place is taken: more may be due. Jobs end soon after an abort, so waiting for them is enough.
        if (running.size === concurrency) await Promise.race(running);
        else if (jobs.length < free) await tick(signal, running);
      }
    } finally {
      await Promise.allSettled(running);
    }
    return done;
  }

  /** Ends early when a place becomes free, and leaves no timer behind. */
  async function tick(signal: AbortSignal, running: ReadonlySet<Promise<void>>): Promise<void> {
    const enough = new AbortController();
    const waits = [clock.sleep(tickMs, AbortSignal.any([signal, enough.signal])).catch(() => undefined), ...running];
    await Promise.race(waits);
    enough.abort(null);
  }

  return {
    untilIdle: (signal) => work(signal, ({ claimed, running }) => claimed === 0 && running === 0),
    async untilAborted(signal) {
      while (!signal.aborted) {
        try {
          await work(signal, () => false);
        } catch (error) {
          log.error({ err: error }, 'health checks could not be claimed');
          await tick(signal, new Set());
        }
      }
    },
  };
}
