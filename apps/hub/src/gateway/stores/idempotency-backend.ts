import type { IdempotencyRequest } from './idempotency-store.ts';

export type BackendClaim =
  | { readonly state: 'claimed' | 'unkept' | 'running' | 'unknown' | 'mismatch' }
  /** `outcome` as it was given to `end`. */
  | { readonly state: 'finished'; readonly outcome: string };

/** How a claim ends: with a result, with one too large to keep, or as if it had never been. */
export type ClaimEnd = { readonly outcome: string } | 'unkept' | 'released';

/** Where idempotency keys are shared and outlive the process. Every step is atomic; time is the server's. */
export interface IdempotencyBackend {
  claim(request: IdempotencyRequest, owner: string): Promise<BackendClaim>;
  /** Does nothing when the claim is no longer the owner's. */
  end(key: string, owner: string, end: ClaimEnd): Promise<void>;
  isRunning(key: string): Promise<boolean>;
}
