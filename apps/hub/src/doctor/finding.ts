import type { DoctorCheckType } from '@inthub/contracts';
import type { Evidence } from './evidence.ts';

/** Why a check was not made. Only `not_applicable` lets checks that need this one go on. */
export type SkipReason = 'not_applicable' | 'offline' | 'refused' | 'time' | 'hub_failed';

/** What one check found, before it gets its envelope. */
export interface Finding {
  readonly status: 'pass' | 'warn' | 'fail';
  /** One or two sentences; what to do stands in `suggestions`. */
  readonly message: string;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly suggestions?: readonly string[];
  readonly skipped?: SkipReason;
}

/** One check of the doctor. What it learns about the integration it takes from the evidence, which asks once for all of them. */
export interface DoctorCheck {
  /** `DoctorCheckType`, or the id of a connector's own check. */
  readonly type: string;
  /** Checks without whose success this one could find nothing. */
  readonly needs: readonly DoctorCheckType[];
  /** May throw HubError: that is a failed check. */
  run(evidence: Evidence): Promise<Finding>;
}

/** A check that does not apply: it neither fails the report nor stops the checks that need it. */
export function notApplicable(message: string, details: Readonly<Record<string, unknown>> = {}): Finding {
  return { status: 'warn', message, details, skipped: 'not_applicable' };
}
