import type { CircuitRecord, CircuitStateName } from './circuit-breaker.ts';

/** A breaker as the API shows it. */
export interface CircuitState {
  readonly state: CircuitStateName;
  readonly failureCount: number;
  readonly successCount: number;
  readonly lastFailureAt: string | null;
  readonly lastSuccessAt: string | null;
  readonly openedAt: string | null;
  /** When an open breaker lets a probe through. */
  readonly nextRetryAt: string | null;
}

export function circuitStateOf(record: CircuitRecord): CircuitState {
  return {
    state: record.state,
    failureCount: record.failureCount,
    successCount: record.successCount,
    lastFailureAt: isoOf(record.lastFailureMs),
    lastSuccessAt: isoOf(record.lastSuccessMs),
    openedAt: isoOf(record.openedMs),
    nextRetryAt: isoOf(record.nextRetryMs),
  };
}

function isoOf(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
