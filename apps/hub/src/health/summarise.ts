import type { Integration } from '@inthub/contracts';
import type { HealthSample, HealthSummary } from './health-types.ts';

/** Codes after which the product was not reached at all. */
const unreached: ReadonlySet<string> = new Set([
  'provider_unreachable',
  'provider_timeout',
  'provider_tls_invalid',
  'proxy_failed',
  'egress_denied',
  'deadline_exceeded',
]);
/** Codes that came about before anything was sent. */
const unsent: ReadonlySet<string> = new Set([
  'credential_unavailable',
  'connector_unavailable',
  'connector_failed',
  'circuit_open',
]);
const refusedCredential: ReadonlySet<string> = new Set(['provider_unauthenticated', 'credential_unavailable']);

export interface SummariseInput {
  readonly integration: Integration;
  readonly last: HealthSample | undefined;
  readonly nextCheckAt: Date | null;
  readonly skippedOffline: boolean;
  readonly cached: boolean;
}

/** What the last check tells, in the terms of the API. */
export function summarise({ integration, last, nextCheckAt, skippedOffline, cached }: SummariseInput): HealthSummary {
  return {
    status: integration.health,
    checkedAt: last?.checkedAt ?? null,
    latencyMs: last?.latencyMs ?? null,
    details: {
      authValid: authValid(last),
      serviceReachable: serviceReachable(last),
      rateLimitOk: rateLimitOk(last),
      lastError: integration.lastError,
    },
    consecutiveFailures: integration.consecutiveFailures,
    nextCheckAt: nextCheckAt?.toISOString() ?? null,
    skippedOffline,
    cached,
  };
}

function authValid(last: HealthSample | undefined): boolean | null {
  if (last === undefined) return null;
  if (last.success) return true;
  if (refusedCredential.has(last.errorCode ?? '')) return false;
  // The product knew who asked, and said no to that person.
  return last.errorCode === 'provider_forbidden' ? true : null;
}

function serviceReachable(last: HealthSample | undefined): boolean | null {
  if (last === undefined || unsent.has(last.errorCode ?? '')) return null;
  if (last.success) return true;
  return last.errorCode === null ? null : !unreached.has(last.errorCode);
}

function rateLimitOk(last: HealthSample | undefined): boolean | null {
  if (last === undefined) return null;
  if (last.errorCode === 'provider_rate_limited') return false;
  return last.success ? true : null;
}
