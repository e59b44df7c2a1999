import type { CheckOutcomeRecord } from './catalog-types.ts';

/** Codes that say something about the hub or the caller, and nothing about the integration. */
const notTheIntegrations: ReadonlySet<string> = new Set([
  'offline',
  'cancelled',
  'rate_limited',
  'unavailable',
  'internal',
]);

/** Whether a check found out anything about the integration; if not, it moves no status and counts in no history. */
export function isAboutIntegration(outcome: CheckOutcomeRecord): boolean {
  return outcome.skipped !== true && !notTheIntegrations.has(outcome.errorCode ?? '');
}
