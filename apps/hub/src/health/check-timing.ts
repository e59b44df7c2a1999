import type { IntegrationStatus } from '@inthub/contracts';

export interface CheckTiming {
  /** Between checks of what works, or nearly. */
  readonly intervalMs: number;
  /** Between checks of what has failed, or still waits for its first success. */
  readonly backOffMs: number;
}

export const defaultTiming: CheckTiming = { intervalMs: 60_000, backOffMs: 300_000 };

/** Share of the wait by which checks are moved apart, in both directions. */
const jitter = 0.2;

/**
 * Milliseconds until the next check of an integration in this status, with ±20 % jitter; null when it is not checked any more.
 * @param random 0 ≤ value < 1.
 */
export function nextCheckIn(status: IntegrationStatus, timing: CheckTiming, random: number): number | null {
  const base = waitFor(status, timing);
  return base === null ? null : Math.round(base * (1 - jitter + 2 * jitter * random));
}

function waitFor(status: IntegrationStatus, { intervalMs, backOffMs }: CheckTiming): number | null {
  switch (status) {
    case 'active':
    case 'degraded':
      return intervalMs;
    case 'failed':
    case 'pending_verification':
      return backOffMs;
    default:
      return null;
  }
}
