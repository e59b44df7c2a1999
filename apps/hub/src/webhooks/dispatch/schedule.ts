import type { WebhookRetryPolicy } from '@inthub/contracts';

/** When to try again, as data: one wait before each retry. */
export interface RetrySteps {
  readonly backoffMs: readonly number[];
  /** Share of a step by which it may be longer or shorter. */
  readonly jitter: number;
}

const minute = 60_000;
const hour = 60 * minute;

/**
 * `short` is the default of the requirements (1, 5 and 30 s). `day` follows the example schedule of the Standard Webhooks specification
 * (spec/standard-webhooks.md, "Deliverability and reliability"): eight tries in 27 h 35 min, give or take the jitter.
 */
const presets = {
  short: { backoffMs: [1_000, 5_000, 30_000], jitter: 0 },
  day: { backoffMs: [5_000, 5 * minute, 30 * minute, 2 * hour, 5 * hour, 10 * hour, 10 * hour], jitter: 0.2 },
} as const satisfies Record<string, RetrySteps>;

export function retrySteps(policy: WebhookRetryPolicy): RetrySteps {
  if ('preset' in policy) return presets[policy.preset];
  return { backoffMs: policy.backoffMs, jitter: policy.jitter ?? 0.2 };
}

export interface FailedAttempt {
  /** Attempts made since the delivery was queued or sent again by hand, this one included: 1 or more. */
  readonly attempts: number;
  /** What the endpoint asked for (`Retry-After`); undefined when it asked for nothing. */
  readonly retryAfterMs?: number;
  /** 0 ≤ value < 1. */
  readonly random: number;
  /** The last step repeats for ever: a delivery that holds its place in an ordered key. */
  readonly endless?: boolean;
}

/**
 * Milliseconds until the next try; undefined when there is none. A wish of the endpoint is followed between once and twice the step, so that
 * it can neither hurry the hub nor put a delivery off without end; otherwise the step is spread by the jitter.
 */
export function nextDelay(steps: RetrySteps, failed: FailedAttempt): number | undefined {
  const { backoffMs, jitter } = steps;
  const last = backoffMs.at(-1) ?? endlessStepMs;
  const step = backoffMs[failed.attempts - 1] ?? (failed.endless === true ? last : undefined);
  if (step === undefined) return undefined;
  if (failed.retryAfterMs !== undefined) return Math.min(2 * step, Math.max(step, failed.retryAfterMs));
  return Math.round(step * (1 + jitter * (2 * failed.random - 1)));
}

/** For an endless delivery whose policy has no retries at all. */
const endlessStepMs = 30_000;
