import type { Clock } from '@inthub/contracts';

/** Options that make an lru-cache live by the injected clock and keep no timer of its own. */
export function cacheTime(clock: Clock): { perf: { now(): number }; ttlResolution: number } {
  // lru-cache takes a start time of 0 for "no time to live".
  return { perf: { now: () => clock.monotonicMs() + 1 }, ttlResolution: 0 };
}
