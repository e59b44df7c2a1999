import type { Clock, RateLimits } from '@inthub/contracts';
import { LRUCache } from 'lru-cache';

/** How many proved deliveries an integration may send, so that a noisy one takes neither the queue nor the database from the others. */
export interface ArrivalLimit {
  /** Takes one delivery's place; else says in how many milliseconds there is one (0: taken). */
  take(integrationId: string, perMinute: number): number;
}

/** 500 a second: about a fifth of what one core of the hub stores. */
const defaultPerMinute = 30_000;
/** Half of the places in the queue (`group-commit.ts`), however high the limit. */
const largestBurst = 5_000;
const maxIntegrations = 10_000;

/** A minute's limit: the integration's own, else its connector's pace, else 30 000. */
export function arrivalsPerMinute(own: RateLimits, pace: RateLimits | undefined): number {
  return own.webhooksPerMinute ?? pace?.webhooksPerMinute ?? defaultPerMinute;
}

/** A token bucket for each integration, in this process: it holds a minute's limit, 5 000 at most, and refills evenly. */
export function createArrivalLimit(clock: Clock): ArrivalLimit {
  /** When each bucket is full again. */
  const fullAtMs = new LRUCache<string, number>({ max: maxIntegrations });
  return {
    take(integrationId, perMinute) {
      const nowMs = clock.monotonicMs();
      const everyMs = 60_000 / perMinute;
      const nextMs = Math.max(nowMs, fullAtMs.get(integrationId) ?? 0) + everyMs;
      const waitMs = nextMs - nowMs - Math.min(perMinute, largestBurst) * everyMs;
      // Sums of fractions: a millionth of a millisecond is no wait.
      if (waitMs > 1e-6) return Math.ceil(waitMs - 1e-6);
      fullAtMs.set(integrationId, nextMs);
      return 0;
    },
  };
}
