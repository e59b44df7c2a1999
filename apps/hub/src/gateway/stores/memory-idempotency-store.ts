import type { Clock } from '@inthub/contracts';
import { LRUCache } from 'lru-cache';
import { approximateSize } from '../approximate-size.ts';
import { cacheTime } from '../cache-time.ts';
import {
  type IdempotencyClaim,
  type IdempotencyStore,
  maxOutcomeBytes,
  outcomeTtlMs,
  type StoredOutcome,
} from './idempotency-store.ts';

export interface MemoryIdempotencyStoreOptions {
  readonly clock: Clock;
  /** Milliseconds that a first result is kept; default 24 h. */
  readonly ttlMs?: number;
  /** Results kept; beyond, the one unused for longest goes early. Default 20 000. */
  readonly max?: number;
  /** Rough bytes of all results together; default 64 MiB. A single one above 256 KiB is not kept. */
  readonly maxBytes?: number;
}

interface Running {
  readonly fingerprint: string;
  readonly settled: Promise<void>;
  settle(): void;
}

interface Finished {
  readonly fingerprint: string;
  readonly outcome: StoredOutcome | null;
}

/** Keys of this process, gone when it ends. Running keys are never evicted: their number is the number of calls in flight. */
export function createMemoryIdempotencyStore(options: MemoryIdempotencyStoreOptions): IdempotencyStore {
  const { clock, ttlMs = outcomeTtlMs, max = 20_000, maxBytes = 64 * 1_048_576 } = options;
  const running = new Map<string, Running>();
  const finished = new LRUCache<string, Finished>({
    max,
    maxSize: maxBytes,
    sizeCalculation: ({ outcome }) => 200 + approximateSize(outcome, maxOutcomeBytes),
    ttl: ttlMs,
    ...cacheTime(clock),
  });

  function end(key: string, outcome: StoredOutcome | null | 'released'): void {
    const entry = running.get(key);
    if (entry === undefined) return;
    if (outcome !== 'released') finished.set(key, { fingerprint: entry.fingerprint, outcome });
    running.delete(key);
    entry.settle();
  }

  return {
    claim({ key, fingerprint }): IdempotencyClaim {
      const twin = running.get(key);
      if (twin !== undefined) {
        const { settled } = twin;
        return twin.fingerprint === fingerprint ? { state: 'running', settled: () => settled } : { state: 'mismatch' };
      }
      const first = finished.get(key);
      if (first !== undefined) {
        if (first.fingerprint !== fingerprint) return { state: 'mismatch' };
        return first.outcome === null ? { state: 'finished-unkept' } : { state: 'finished', outcome: first.outcome };
      }
      const { promise, resolve } = Promise.withResolvers<void>();
      running.set(key, { fingerprint, settled: promise, settle: resolve });
      return { state: 'claimed' };
    },
    finish(key, outcome) {
      end(key, approximateSize(outcome, maxOutcomeBytes) > maxOutcomeBytes ? null : outcome);
    },
    release(key) {
      end(key, 'released');
    },
  };
}
