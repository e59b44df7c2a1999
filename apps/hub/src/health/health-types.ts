import type { HealthStatus } from '@inthub/contracts';

export interface HealthSample {
  readonly checkedAt: string;
  readonly success: boolean;
  readonly latencyMs: number;
  readonly errorCode: string | null;
  readonly message: string;
}

export interface HealthSummary {
  readonly status: HealthStatus;
  readonly checkedAt: string | null;
  readonly latencyMs: number | null;
  readonly details: {
    /** Null where the last check could not tell. */
    readonly authValid: boolean | null;
    readonly serviceReachable: boolean | null;
    readonly rateLimitOk: boolean | null;
    readonly lastError: string | null;
  };
  readonly consecutiveFailures: number;
  /** Null when the integration is not checked (draft, paused). */
  readonly nextCheckAt: string | null;
  /** The last turn was left out because the hub is offline. */
  readonly skippedOffline: boolean;
  /** What the last check found was at hand; the integration itself is read for every question. */
  readonly cached: boolean;
}

/** Uptime and latency over one window (CAT-7). */
export interface HealthWindow {
  readonly window: '1h' | '24h' | '7d' | '30d';
  readonly samples: number;
  readonly uptimePercent: number | null;
  /** Of the checks that succeeded. */
  readonly latencyMs: { readonly p50: number; readonly p95: number; readonly p99: number } | null;
}
