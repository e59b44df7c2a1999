import type { Integration } from '@inthub/contracts';
import { describe, expect, it } from 'vitest';
import { summarise } from './summarise.ts';

const integration = { health: 'degraded', lastError: 'why', consecutiveFailures: 2 } as Integration;
const details = (success: boolean, errorCode: string | null) =>
  summarise({
    integration,
    last: { checkedAt: '2026-11-21T10:00:00.000Z', success, latencyMs: 5, errorCode, message: '' },
    nextCheckAt: null,
    skippedOffline: false,
    cached: false,
  }).details;

describe('summary of the last check', () => {
  it.each([
    [true, null, true, true, true],
    [false, 'provider_unauthenticated', false, true, null],
    [false, 'credential_unavailable', false, null, null],
    [false, 'provider_forbidden', true, true, null],
    [false, 'provider_timeout', null, false, null],
    [false, 'provider_unreachable', null, false, null],
    [false, 'provider_tls_invalid', null, false, null],
    [false, 'provider_rate_limited', null, true, false],
    [false, 'provider_unavailable', null, true, null],
    [false, 'connector_unavailable', null, null, null],
    [false, null, null, null, null],
  ])(
    'success %s, %s: auth %s, reachable %s, rate limit %s',
    (success, code, authValid, serviceReachable, rateLimitOk) => {
      expect(details(success, code)).toEqual({ authValid, serviceReachable, rateLimitOk, lastError: 'why' });
    },
  );

  it('knows nothing before the first check', () => {
    expect(summarise({ integration, last: undefined, nextCheckAt: null, skippedOffline: true, cached: false })).toEqual(
      {
        status: 'degraded',
        checkedAt: null,
        latencyMs: null,
        details: { authValid: null, serviceReachable: null, rateLimitOk: null, lastError: 'why' },
        consecutiveFailures: 2,
        nextCheckAt: null,
        skippedOffline: true,
        cached: false,
      },
    );
  });
});
