import { type ErrorCode, HubError, type RetryPolicy } from '@inthub/contracts';

export interface RetryQuestion {
  readonly error: HubError;
  /** Which try has just failed, from 1. */
  readonly attempt: number;
  /** `config.retryPolicy`; default three retries after 1 s, 2 s and 4 s. */
  readonly policy: RetryPolicy | undefined;
  /** A repeat does no harm: an idempotent method, or a request that says so. */
  readonly repeatable: boolean;
  readonly nowMs: number;
  /** Nothing may be waited for beyond this. */
  readonly endMs: number;
  /** 0 ≤ n < 1. */
  readonly random: () => number;
}

export type RetryPlan = { readonly waitMs: number } | { readonly giveUp: HubError };

const defaultWaitsMs = [1_000, 2_000, 4_000];
const jitter = 0.2;
/** A provider that asks for more patience than this gets its answer passed on instead: no call sleeps for minutes. */
const longestWaitMs = 60_000;

/**
 * Faults that pass by themselves, where the error says so (`retryable`): connections refused, cut or timed out, 408, 429, 500, 502,
 * 503, 504 and a body cut short. 500 is among them because only harmless requests are repeated at all. Not 501 and 505, which are
 * decisions, nor 425: it answers TLS early data, which is never sent.
 */
const transient: ReadonlySet<ErrorCode> = new Set([
  'provider_unreachable',
  'provider_timeout',
  'provider_unavailable',
  'provider_rate_limited',
  'provider_bad_response',
  'proxy_failed',
]);

/** Decides after a failed try: wait so long and repeat, or give up with this error. Pure. */
export function planRetry({ error, attempt, policy, repeatable, nowMs, endMs, random }: RetryQuestion): RetryPlan {
  const waits = policy?.backoffMs ?? defaultWaitsMs;
  const maxRetries = policy?.maxRetries ?? defaultWaitsMs.length;
  if (!repeatable || !error.retryable || !transient.has(error.code) || attempt > maxRetries) return { giveUp: error };

  const base = waits[Math.min(attempt, waits.length) - 1] ?? 0;
  // Never before the provider's own time; spread beyond it, so that all who were told the same do not return together.
  const spread = base * (1 - jitter + 2 * jitter * random());
  const waitMs =
    error.retryAfterMs === undefined ? spread : Math.max(spread, error.retryAfterMs + base * jitter * random());

  if (waitMs > longestWaitMs || nowMs + waitMs >= endMs) return { giveUp: withRetryAfter(error, waitMs) };
  return { waitMs };
}

function withRetryAfter(error: HubError, waitMs: number): HubError {
  if (error.retryAfterMs !== undefined) return error;
  const { code, message, errors, details, blame, retryable, cause } = error;
  return new HubError(code, message, { errors, details, blame, retryable, cause, retryAfterMs: Math.ceil(waitMs) });
}
