// First results that outlive the process and that all replicas share. Where they are kept is the backend's affair.
import { type Clock, createId, HubError } from '@inthub/contracts';
import type { Log } from '../../telemetry/telemetry.ts';
import type { ClaimEnd, IdempotencyBackend } from './idempotency-backend.ts';
import {
  type IdempotencyClaim,
  type IdempotencyStore,
  maxOutcomeBytes,
  type StoredOutcome,
} from './idempotency-store.ts';
import { createSettlementWatch } from './settlement-watch.ts';

const firstRetryMs = 200;
const longestRetryMs = 5_000;
/** Ends that could not be written yet; beyond, a new one is given up: its key stays claimed until the lease is over. */
const maxUnwritten = 10_000;

export interface DurableIdempotencyStoreOptions {
  readonly backend: IdempotencyBackend;
  readonly clock: Clock;
  readonly log: Log;
}

interface Claim {
  readonly owner: string;
  readonly untilMs: number;
}

export function createDurableIdempotencyStore(
  options: DurableIdempotencyStoreOptions,
): IdempotencyStore & { close(): Promise<void> } {
  const { backend, clock, log } = options;
  /** Claims of this process: as many as there are calls under way. */
  const claims = new Map<string, Claim>();
  const unwritten = new Set<Promise<void>>();
  const stop = new AbortController();
  const watch = createSettlementWatch(clock, async (key) => claims.has(key) || backend.isRunning(key));

  async function end(key: string, claim: Claim, how: ClaimEnd): Promise<void> {
    try {
      await backend.end(key, claim.owner, how);
      watch.wake(key);
    } catch (error) {
      log.warn({ err: error }, 'the end of a call with an idempotency key could not be written; trying again');
      keepTrying(key, claim, how);
    }
  }

  function keepTrying(key: string, claim: Claim, how: ClaimEnd): void {
    if (unwritten.size >= maxUnwritten) return;
    const work = endLater(key, claim, how).finally(() => unwritten.delete(work));
    unwritten.add(work);
  }

  /** As long as the claim stands; after that the key says by itself that nobody knows. */
  async function endLater(key: string, { owner, untilMs }: Claim, how: ClaimEnd): Promise<void> {
    for (let pauseMs = firstRetryMs; clock.monotonicMs() < untilMs; pauseMs = Math.min(pauseMs * 2, longestRetryMs)) {
      await clock.sleep(pauseMs, stop.signal).catch(() => undefined);
      try {
        await backend.end(key, owner, how);
        watch.wake(key);
        return;
      } catch (error) {
        log.debug({ err: error }, 'the end of a call with an idempotency key could still not be written');
        if (stop.signal.aborted) return;
      }
    }
  }

  function settle(key: string, how: ClaimEnd): Promise<void> | undefined {
    const claim = claims.get(key);
    if (claim === undefined) return undefined;
    claims.delete(key);
    return end(key, claim, how);
  }

  return {
    async claim(request): Promise<IdempotencyClaim> {
      const { key, leaseMs } = request;
      const claim: Claim = { owner: createId(), untilMs: clock.monotonicMs() + leaseMs };
      const answer = await backend.claim(request, claim.owner).catch((cause: unknown) => {
        // It may have been claimed nevertheless; nothing runs under that name.
        keepTrying(key, claim, 'released');
        throw new HubError(
          'unavailable',
          'Idempotency keys cannot be checked at the moment, so the call was not made. Try again with the same key.',
          { retryAfterMs: 1_000, cause },
        );
      });
      switch (answer.state) {
        case 'claimed':
          claims.set(key, claim);
          return { state: 'claimed' };
        case 'finished':
          return { state: 'finished', outcome: JSON.parse(answer.outcome) as StoredOutcome };
        case 'unkept':
          return { state: 'finished-unkept' };
        case 'running':
          return { state: 'running', settled: (signal) => watch.wait(key, signal) };
        default:
          return { state: answer.state };
      }
    },
    finish(key, outcome) {
      const text = JSON.stringify(outcome);
      return settle(key, Buffer.byteLength(text) > maxOutcomeBytes ? 'unkept' : { outcome: text });
    },
    release: (key) => settle(key, 'released'),
    async close() {
      stop.abort(null);
      await Promise.all(unwritten);
    },
  };
}
