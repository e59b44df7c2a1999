import type { Clock } from '@inthub/contracts';

/** Something that must not outlive a point in time. */
export interface Watched {
  /** `Clock.monotonicMs` value; may move while it is watched, later without further ado. */
  readonly dueMs: number;
  /** Called once `dueMs` has come; whoever is done removes itself. */
  onDue(nowMs: number): void;
  /** Ends it before its time; whoever is done removes itself. */
  interrupt?(error: Error): void;
  /** The watch's own: where it keeps the entry. */
  slot?: number;
}

/**
 * One sleeping timer for all requests in flight: a timer for each would cost more than the rest of the bookkeeping. With equal
 * time limits it wakes once a limit, not once a request.
 */
export interface DeadlineWatch {
  add(entry: Watched): void;
  remove(entry: Watched): void;
  /** Ends everything that is watched and can be ended. */
  interruptAll(error: Error): void;
  close(): void;
}

/** A reason of its own: without one, `abort` makes an exception with a stack. */
const replaced = { name: 'Replaced' };
/** Node's timers overflow beyond 24.8 days. */
const longestSleepMs = 3_600_000;

export function createDeadlineWatch(clock: Clock): DeadlineWatch {
  // Not a Set: entries come and go by the thousand, a Set then makes new tables again and again, and each old one that has grown old
  // keeps the next alive with all that was in it, until the next full collection.
  const watched: Watched[] = [];
  let wakeAtMs = Number.POSITIVE_INFINITY;
  let sleeping: AbortController | undefined;

  function sleepUntil(dueMs: number): void {
    sleeping?.abort(replaced);
    const current = new AbortController();
    sleeping = current;
    const now = clock.monotonicMs();
    wakeAtMs = Math.min(dueMs, now + longestSleepMs);
    clock.sleep(Math.max(0, wakeAtMs - now), current.signal).then(
      () => {
        if (sleeping === current) sweep();
      },
      () => {}, // replaced by an earlier waking, or closed
    );
  }

  function sweep(): void {
    sleeping = undefined;
    wakeAtMs = Number.POSITIVE_INFINITY;
    const now = clock.monotonicMs();
    for (const entry of [...watched]) if (entry.dueMs <= now) entry.onDue(now);
    let next = Number.POSITIVE_INFINITY;
    for (const entry of watched) next = Math.min(next, entry.dueMs);
    if (next < wakeAtMs) sleepUntil(next);
  }

  function remove(entry: Watched): void {
    const slot = entry.slot ?? -1;
    if (slot < 0) return;
    entry.slot = -1;
    const last = watched.pop();
    if (last === undefined || last === entry) return;
    watched[slot] = last;
    last.slot = slot;
  }

  return {
    add(entry) {
      if ((entry.slot ?? -1) < 0) {
        entry.slot = watched.length;
        watched.push(entry);
      }
      if (entry.dueMs < wakeAtMs) sleepUntil(entry.dueMs);
    },
    remove,
    interruptAll(error) {
      for (const entry of [...watched]) entry.interrupt?.(error);
    },
    close() {
      for (const entry of watched) entry.slot = -1;
      watched.length = 0;
      sleeping?.abort();
      sleeping = undefined;
    },
  };
}
