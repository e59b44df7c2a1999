// One call at a time, over all replicas, where what is written depends on what was found just before.
import { createHash } from 'node:crypto';
import { type Clock, createId, HubError } from '@inthub/contracts';
import type { Database } from '../database/database.ts';
import type { Log } from '../telemetry/telemetry.ts';
import type { AnnotationCall } from './annotation-call.ts';
import { type ClaimRow, claimPlace, endClaim, prolongClaim } from './claims-repository.ts';

export interface Claims {
  /**
   * Runs `work` while nobody else runs one of the same integration and place. Others wait up to a minute.
   *
   * A process that dies has lost its claim 30 s later. No connection is held meanwhile: the work waits for a provider, and the
   * gateway behind it needs connections too.
   * @param place What is written; any JSON. @throws HubError `conflict` (retryable) when others are at it for too long, `unavailable`
   * when the claim was lost (the database did not answer for as long as the lease runs), `cancelled`.
   */
  alone<Result>(
    call: AnnotationCall,
    integrationId: string,
    place: readonly unknown[],
    work: (claim: HeldClaim) => Promise<Result>,
  ): Promise<Result>;
}

export interface HeldClaim {
  /** Aborts when the caller goes away or the claim is lost. */
  readonly signal: AbortSignal;
  /** To be asked right before a write: a process that slept through its lease finds out here. @throws HubError `unavailable` */
  check(): void;
}

export interface ClaimsDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Log;
}

const leaseMs = 30_000;
const prolongAfterMs = 10_000;
const firstPauseMs = 50;
const longestPauseMs = 1_000;
/** Longer than a lease, so that a dead process delays the next call and does not fail it. */
const maxWaitMs = 60_000;

export function createClaims({ database, clock, log }: ClaimsDeps): Claims {
  /** @returns until when it is held, by the monotonic clock. */
  async function take(call: AnnotationCall, row: ClaimRow): Promise<number> {
    const { tenantId } = call.principal;
    const startedMs = clock.monotonicMs();
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
      const askedMs = clock.monotonicMs();
      if (await database.tenant(tenantId, (tx) => claimPlace(tx, row))) return askedMs + row.leaseMs;
      if (askedMs + pauseMs - startedMs > maxWaitMs) {
        throw new HubError('conflict', 'Other calls are writing the same annotation all the time. Try again.', {
          retryable: true,
          retryAfterMs: 1_000,
        });
      }
      await clock.sleep(pauseMs, call.signal).catch((reason: unknown) => {
        throw HubError.from(reason, 'cancelled');
      });
    }
  }

  return {
    async alone(call, integrationId, place, work) {
      const { tenantId } = call.principal;
      const hash = createHash('sha256').update(JSON.stringify(place)).digest();
      const row: ClaimRow = { integrationId, place: hash, owner: createId(), leaseMs };
      let heldUntilMs = await take(call, row);
      const lost = new AbortController();
      const done = new AbortController();
      const lose = () =>
        lost.abort(
          new HubError('unavailable', 'The database was away for too long to write this annotation safely. Try again.'),
        );

      /** Until the work is done or the claim is lost. */
      async function prolong(): Promise<void> {
        while (!done.signal.aborted && !lost.signal.aborted) {
          await clock.sleep(prolongAfterMs, done.signal).catch(() => undefined);
          if (done.signal.aborted) return;
          const askedMs = clock.monotonicMs();
          try {
            if (await database.tenant(tenantId, (tx) => prolongClaim(tx, row))) heldUntilMs = askedMs + leaseMs;
            else lose();
          } catch (error) {
            log.debug({ err: error }, 'the claim of an annotation could not be prolonged');
            if (clock.monotonicMs() + prolongAfterMs >= heldUntilMs) lose();
          }
        }
      }

      const prolonging = prolong();
      try {
        return await work({
          signal: call.signal === undefined ? lost.signal : AbortSignal.any([call.signal, lost.signal]),
          check() {
            if (clock.monotonicMs() >= heldUntilMs) lose();
            lost.signal.throwIfAborted();
          },
        });
      } catch (error) {
        // What was broken off on that account is told as what it is, not as cancelled by the caller.
        throw lost.signal.aborted ? lost.signal.reason : error;
      } finally {
        done.abort(null);
        await prolonging;
        // Not worth a failure: it ends by itself.
        await database
          .tenant(tenantId, (tx) => endClaim(tx, row))
          .catch((error: unknown) => log.warn({ err: error }, 'the claim of an annotation could not be ended'));
      }
    },
  };
}
