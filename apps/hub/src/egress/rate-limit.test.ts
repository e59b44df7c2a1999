import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseRateLimit } from './rate-limit.ts';

const now = new Date('2026-11-21T10:00:00Z');
const clock = { now: () => now };
const in30s = new Date('2026-11-21T10:00:30Z');

describe('parseRateLimit', () => {
  it.each([
    [
      'Docker Hub',
      { 'ratelimit-limit': '100;w=21600', 'ratelimit-remaining': '76;w=21600' },
      { limit: 100, remaining: 76 },
    ],
    [
      'GitHub',
      { 'x-ratelimit-limit': '5000', 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '1795255230' },
      { limit: 5000, remaining: 0, resetAt: in30s },
    ],
    [
      'GitLab',
      { 'ratelimit-limit': '2000', 'ratelimit-remaining': '1999', 'ratelimit-reset': '30' },
      { limit: 2000, remaining: 1999, resetAt: in30s },
    ],
    [
      'Okta-like, in milliseconds',
      { 'x-rate-limit-limit': '600', 'x-rate-limit-remaining': '7', 'x-rate-limit-reset': '1795255230000' },
      { limit: 600, remaining: 7, resetAt: in30s },
    ],
    [
      'the structured fields, tightest policy first',
      {
        ratelimit: '"day";r=900;t=3600, "burst";r=5;t=30',
        'ratelimit-policy': '"burst";q=100;w=60, "day";q=1000;w=86400',
      },
      { limit: 100, remaining: 5, resetAt: in30s },
    ],
    ['draft 07', { ratelimit: 'limit=100, remaining=50, reset=30' }, { limit: 100, remaining: 50, resetAt: in30s }],
    ['Retry-After alone', { 'retry-after': '30' }, { retryAfterMs: 30_000 }],
    ['both', { 'retry-after': '30', 'x-ratelimit-remaining': '0' }, { remaining: 0, retryAfterMs: 30_000 }],
    [
      'several limits in one field',
      { 'ratelimit-limit': '100, 100;w=60', 'ratelimit-remaining': '3' },
      { limit: 100, remaining: 3 },
    ],
  ])('reads %s', (_name, headers, expected) => {
    expect(parseRateLimit(headers, undefined, clock)).toEqual(expected);
  });

  it.each([
    ['date-time', '2026-11-21T10:00:30Z', in30s],
    ['date-time', 'soon', undefined],
    ['duration', '30s', in30s],
    ['duration', '30000ms', in30s],
    ['duration', '0h0m29.9995s', in30s],
    ['duration', '6m0s', new Date('2026-11-21T10:06:00Z')],
    ['duration', '', undefined],
    ['duration', '30', undefined],
  ] as const)('reads a reset as %s from "%s"', (unit, text, resetAt) => {
    const names = { limit: 'x-l', remaining: 'x-r', reset: { name: 'x-reset', unit } };

    expect(parseRateLimit({ 'x-l': '9', 'x-r': '0', 'x-reset': text }, names, clock)).toEqual({
      limit: 9,
      remaining: 0,
      ...(resetAt === undefined ? {} : { resetAt }),
    });
  });

  it('reads the names that the manifest gives, before all others', () => {
    const names = {
      limit: 'X-App-Limit',
      remaining: 'X-App-Left',
      reset: { name: 'X-App-Reset', unit: 'epoch-seconds' },
    } as const;
    const headers = {
      'x-app-limit': '10',
      'x-app-left': '1',
      'x-app-reset': '1795255230',
      'ratelimit-remaining': '99',
    };

    expect(parseRateLimit(headers, names, clock)).toEqual({ limit: 10, remaining: 1, resetAt: in30s });
  });

  it.each([
    {},
    { 'content-type': 'x' },
    { 'x-ratelimit-remaining': 'lots' },
    { ratelimit: '' },
    { ratelimit: ';;;,,,' },
    { 'retry-after': 'soon' },
  ])('says nothing for %j', (headers) => {
    expect(parseRateLimit(headers, undefined, clock)).toBeUndefined();
  });

  it('never throws and never gives an impossible number, whatever a provider sends', () => {
    const value = fc.oneof(fc.string({ maxLength: 80 }), fc.stringMatching(/^["a-z;=,0-9 .-]{0,80}$/));
    fc.assert(
      fc.property(value, value, value, (one, two, three) => {
        const headers = {
          ratelimit: one,
          'ratelimit-policy': two,
          'x-ratelimit-remaining': three,
          'x-ratelimit-limit': one,
          'x-ratelimit-reset': two,
        };
        const found = parseRateLimit(headers, undefined, clock);
        for (const number of [found?.limit, found?.remaining]) {
          expect(number === undefined || (Number.isSafeInteger(number) && number >= 0)).toBe(true);
        }
        expect(Number.isNaN(found?.resetAt?.getTime() ?? 0)).toBe(false);
      }),
      { numRuns: 1_000 },
    );
  });
});
