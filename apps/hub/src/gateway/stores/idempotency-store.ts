import type { Blame, ErrorCode, FieldError } from '@inthub/contracts';
import type { MaybePromise } from '../maybe-promise.ts';

/** An outcome as plain data, so that any store can keep it. */
export type StoredOutcome =
  | { readonly ok: true; readonly value: unknown }
  | {
      readonly ok: false;
      readonly code: ErrorCode;
      readonly message: string;
      readonly details: Readonly<Record<string, unknown>>;
      readonly errors: readonly FieldError[];
      readonly blame: Blame;
      readonly retryable: boolean;
      readonly retryAfterMs: number | null;
    };

export interface IdempotencyRequest {
  /** `<tenant>/<integration>/<action>/<the caller's key>` */
  readonly key: string;
  /** Tells one body from another. */
  readonly fingerprint: string;
  /** The action changes nothing: it may run again when the process of the first call died. */
  readonly safe: boolean;
  /** Milliseconds after which a claim that nobody has ended belongs to a process that died. */
  readonly leaseMs: number;
}

export type IdempotencyClaim =
  /** The key is yours: run the call, then `finish` or `release`. */
  | { readonly state: 'claimed' }
  /** The first call has ended with this. */
  | { readonly state: 'finished'; readonly outcome: StoredOutcome }
  /** The first call has succeeded, with an answer too large to keep. */
  | { readonly state: 'finished-unkept' }
  /** A twin is at it; `settled` resolves when it is done, whatever came of it, or when `signal` aborts. Claim again then. */
  | { readonly state: 'running'; settled(signal: AbortSignal): Promise<void> }
  /** The process of the first call died; whether the provider acted, nobody knows. */
  | { readonly state: 'unknown' }
  /** The key came with another body. */
  | { readonly state: 'mismatch' };

/** Bytes of JSON; what is larger is remembered without its value. */
export const maxOutcomeBytes = 262_144;
/** How long a first result is kept. */
export const outcomeTtlMs = 86_400_000;

/**
 * First results by key. Contract of every store:
 * - of any number of concurrent `claim`s for one key, on any number of replicas that share the store, exactly one is `claimed`;
 * - whoever claimed calls `finish` or `release`, always. A claim whose process died lapses: a safe one is new again, of any other it is
 *   `unknown` until the time of its result is over;
 * - a finished key answers for a day after its end, then it is new.
 */
export interface IdempotencyStore {
  /** @throws HubError `unavailable` when it cannot be told whether the key is free: the call must not be made then. */
  claim(request: IdempotencyRequest): MaybePromise<IdempotencyClaim>;
  finish(key: string, outcome: StoredOutcome): MaybePromise<void>;
  /** Nothing happened that a repeat could double: the key is new again. */
  release(key: string): MaybePromise<void>;
}
