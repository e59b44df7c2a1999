import type { Clock } from '@inthub/contracts';
import { LRUCache } from 'lru-cache';

/** How many refused deliveries a source may cause before its failures are not looked into any more. */
export interface RefusalBudget {
  /** Whether the source has used up its budget. Deliveries that prove themselves are taken all the same. */
  isSpent(source: string): boolean;
  spend(source: string): void;
}

const burst = 60;
const perSecond = 1;
const maxSources = 10_000;

/** A token bucket for each source: 60 at once, one more each second. */
export function createRefusalBudget(clock: Clock): RefusalBudget {
  const spent = new LRUCache<string, { used: number; atMs: number }>({ max: maxSources });
  const usedNow = (source: string) => {
    const entry = spent.get(source);
    if (entry === undefined) return 0;
    return Math.max(0, entry.used - ((clock.monotonicMs() - entry.atMs) / 1000) * perSecond);
  };
  return {
    isSpent: (source) => usedNow(source) >= burst,
    spend(source) {
      spent.set(source, { used: Math.min(burst, usedNow(source) + 1), atMs: clock.monotonicMs() });
    },
  };
}
