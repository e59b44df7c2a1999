import type { DoctorReport } from '@inthub/contracts';
import type { CheckRun } from './run-checks.ts';

/** Without these nothing can be called. */
const vital: ReadonlySet<string> = new Set(['connectivity', 'tls', 'authentication']);

/**
 * `unhealthy`: a vital check failed. `degraded`: anything else failed or is to be looked at, or could not be checked (offline, out of
 * time, refused), because nothing is proved then. `healthy`: everything that applies passed.
 */
export function overallStatus(runs: readonly CheckRun[]): DoctorReport['overallStatus'] {
  if (runs.some(({ checkType, status }) => status === 'fail' && vital.has(checkType))) return 'unhealthy';
  return runs.every(({ status, skipped }) => status === 'pass' || skipped === 'not_applicable')
    ? 'healthy'
    : 'degraded';
}
