import type { ErrorCode } from './codes.ts';

/**
 * The code for a provider's answer outside 2xx that the connector did not expect: the one table for egress, the SDK's
 * test harness and the fault suites.
 *
 * 1xx and 3xx mean that something was answered which no redirect rule or protocol explains: `provider_bad_response`.
 * Source of the meanings: RFC 9110 §15, RFC 6585 §4 (429).
 */
export function providerErrorCode(status: number): ErrorCode {
  const exact = byStatus[status];
  if (exact !== undefined) return exact;
  if (status >= 500 && status <= 599) return 'provider_unavailable';
  if (status >= 400 && status <= 499) return 'provider_rejected';
  return 'provider_bad_response';
}

const byStatus: Readonly<Record<number, ErrorCode>> = {
  401: 'provider_unauthenticated',
  403: 'provider_forbidden',
  404: 'provider_not_found',
  407: 'proxy_failed',
  408: 'provider_timeout',
  409: 'provider_conflict',
  410: 'provider_not_found',
  412: 'provider_conflict',
  429: 'provider_rate_limited',
  504: 'provider_timeout',
};
