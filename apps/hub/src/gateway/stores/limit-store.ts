import type { RateLimits } from '@inthub/contracts';
import type { MaybePromise } from '../maybe-promise.ts';

/** No provider's word closes an integration for longer: a header may be wrong or hostile. */
export const longestBlockMs = 3_600_000;
/** Answers come out of order; reset times this close name the same window. */
export const sameWindowMs = 2_000;

export type LimitType = 'tenant' | 'connector' | 'external';

export interface LimitRequest {
  readonly tenantKey: string;
  /** Begins with `<tenantKey>/`. */
  readonly integrationKey: string;
  /** 1 for most actions, 5 for searches, 10 for bulk. */
  readonly weight: number;
  readonly tenant: RateLimits;
  readonly integration: RateLimits;
}

/** Opaque; holds the concurrency slots of one call. */
export type LimitPermit = object;

export type LimitDecision =
  | { readonly allowed: true; readonly permit: LimitPermit }
  | {
      readonly allowed: false;
      /** Whose limit: the hub's for the tenant or the integration, or the provider's own. */
      readonly limitType: LimitType;
      /** After this long the same request passes, if nobody else asks meanwhile. */
      readonly retryAfterMs: number;
      /** Whole tokens left in the bucket that refused. */
      readonly remaining: number;
      /** Milliseconds until the bucket that refused is full. */
      readonly resetInMs: number;
    };

/** What a provider said about its own limit. */
export interface ExternalLimit {
  readonly remaining?: number;
  readonly resetAt?: Date;
  readonly retryAfterMs?: number;
}

/**
 * Counts calls by tenant and integration. Contract of every store:
 * - `take` is atomic: either every bucket gives its tokens and every counter its slot, or nothing changes;
 * - buckets are those of token-bucket.ts;
 * - `release` is called exactly once for each permit; slots of a process that died lapse;
 * - N processes on one shared store exceed a limit by no more than the bound that the store states.
 */
export interface LimitStore {
  take(request: LimitRequest): MaybePromise<LimitDecision>;
  /** @param apiCalls Requests that the call sent to the provider; none gives its share of the provider's limit back. */
  release(permit: LimitPermit, apiCalls: number): MaybePromise<void>;
  /** The provider's own words; nothing passes until its reset once nothing is left. */
  report(integrationKey: string, external: ExternalLimit): MaybePromise<void>;
}
