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
  /** Which of the provider's own windows it draws on, where that keeps several; default the integration's one. */
  readonly bucket?: string;
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
  /** The window that it speaks of; see `LimitRequest.bucket`. */
  readonly bucket?: string;
}

/** Key of one of several windows of an integration's provider. */
export function bucketKeyOf(integrationKey: string, bucket: string): string {
  return `${integrationKey}#${bucket}`;
}

/**
 * Retry-After closes the whole integration (a provider that has had enough of all of it says so while its window is not empty), but
 * beside an empty window it speaks of that window.
 */
export function concernsBucketOnly({ bucket, remaining }: ExternalLimit): boolean {
  return bucket !== undefined && remaining === 0;
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
  /** The provider's own words; nothing passes until its reset once nothing is left of the window. */
  report(integrationKey: string, external: ExternalLimit): MaybePromise<void>;
}
