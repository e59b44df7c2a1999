import { describe, expect, it } from 'vitest';
import { errorCodes } from './codes.ts';
import { providerErrorCode } from './provider-status.ts';

describe('providerErrorCode', () => {
  it.each([
    [304, 'provider_bad_response'],
    [400, 'provider_rejected'],
    [401, 'provider_unauthenticated'],
    [403, 'provider_forbidden'],
    [404, 'provider_not_found'],
    [407, 'proxy_failed'],
    [408, 'provider_timeout'],
    [409, 'provider_conflict'],
    [410, 'provider_not_found'],
    [412, 'provider_conflict'],
    [418, 'provider_rejected'],
    [422, 'provider_rejected'],
    [429, 'provider_rate_limited'],
    [500, 'provider_unavailable'],
    [501, 'provider_unavailable'],
    [503, 'provider_unavailable'],
    [504, 'provider_timeout'],
    [999, 'provider_bad_response'],
  ] as const)('maps %i to %s', (status, code) => {
    expect(providerErrorCode(status)).toBe(code);
  });

  it('calls no refusal of the caller, the credential or the request a fault of the provider', () => {
    for (let status = 400; status < 500; status += 1) {
      if (status === 408 || status === 429) continue;
      expect(errorCodes[providerErrorCode(status)].blame, String(status)).not.toBe('provider');
    }
  });
});
