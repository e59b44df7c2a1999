import { hash } from 'node:crypto';
import { type Clock, HubError, type Principal } from '@inthub/contracts';
import { LRUCache } from 'lru-cache';

const knownTtlMs = 30_000;
const refusedTtlMs = 10_000;
const maxEntries = 10_000;

/** A credential that was found good. */
export interface Admission {
  readonly principal: Principal;
  /** Wall-clock time at which the key or token ends by itself. */
  readonly expiresAtMs: number;
}

/**
 * Remembers for a short while who a credential belongs to, and which ones are no good. Keyed by hash, so that no secret lies in
 * memory for longer than its request.
 */
export interface PrincipalCache {
  key(credential: string): string;
  find(key: string): Admission | 'refused' | undefined;
  /**
   * Looks up what `find` does not know; callers at the same time share one look-up. Kept when it answers, and as a refusal when it
   * throws `unauthenticated`; other errors are not remembered.
   */
  load(key: string, lookUp: () => Promise<Admission>): Promise<Admission>;
  /** Drops the admissions that match, and all refusals. What is being looked up at this moment is neither shared nor kept. */
  drop(matches: (principal: Principal) => boolean): void;
}

export function createPrincipalCache(clock: Clock): PrincipalCache {
  // lru-cache takes an entry made at 0 for one without an end, so time begins at 1.
  const options = { max: maxEntries, ttlResolution: 0, perf: { now: () => clock.monotonicMs() + 1 } };
  const known = new LRUCache<string, Admission>({ ...options, ttl: knownTtlMs });
  const refused = new LRUCache<string, true>({ ...options, ttl: refusedTtlMs });
  let underWay = new Map<string, Promise<Admission>>();

  async function run(key: string, lookUp: () => Promise<Admission>, mine: typeof underWay): Promise<Admission> {
    // A drop starts a new map: then this look-up may have read what is no longer so.
    const isCurrent = () => mine === underWay;
    try {
      const admission = await lookUp();
      if (isCurrent()) known.set(key, admission);
      return admission;
    } catch (error) {
      if (isCurrent() && error instanceof HubError && error.code === 'unauthenticated') refused.set(key, true);
      throw error;
    } finally {
      mine.delete(key);
    }
  }

  return {
    key: (credential) => hash('sha256', credential, 'base64url'),
    find(key) {
      const admission = known.get(key);
      if (admission !== undefined && clock.now().getTime() < admission.expiresAtMs) return admission;
      return refused.has(key) ? 'refused' : undefined;
    },
    load(key, lookUp) {
      const shared = underWay.get(key);
      if (shared !== undefined) return shared;
      const started = run(key, lookUp, underWay);
      underWay.set(key, started);
      return started;
    },
    drop(matches) {
      underWay = new Map();
      refused.clear();
      for (const [key, { principal }] of known.entries()) if (matches(principal)) known.delete(key);
    },
  };
}
