import { HubError } from '@inthub/contracts';

/**
 * Lets a few look-ups of unknown credentials run at a time, the others wait in line: a flood of bad keys costs the database a bounded
 * number of connections, and costs callers who are already known nothing at all.
 */
export function createLookupGate(limits: {
  running: number;
  waiting: number;
}): <T>(work: () => Promise<T>) => Promise<T> {
  let running = 0;
  const line: (() => void)[] = [];
  return async (work) => {
    if (running >= limits.running) {
      if (line.length >= limits.waiting) {
        throw new HubError('unavailable', 'Too many unknown credentials are being looked up. Try again shortly.', {
          retryAfterMs: 1000,
        });
      }
      // Whoever leaves hands its place on, so the count stays.
      await new Promise<void>((resolve) => line.push(resolve));
    } else {
      running += 1;
    }
    try {
      return await work();
    } finally {
      const next = line.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  };
}
