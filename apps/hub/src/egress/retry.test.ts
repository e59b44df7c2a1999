import { type ErrorCode, errorCodes, HubError } from '@inthub/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planRetry, type RetryQuestion } from './retry.ts';
import { parseRetryAfter } from './retry-after.ts';

const question = (given: Partial<RetryQuestion>): RetryQuestion => ({
  error: new HubError('provider_unavailable'),
  attempt: 1,
  policy: undefined,
  repeatable: true,
  nowMs: 0,
  endMs: 30_000,
  random: () => 0.5,
  ...given,
});

describe('planRetry', () => {
  it('waits 1, 2 and 4 seconds, then gives up with the error itself', () => {
    const error = new HubError('provider_unavailable');

    expect([1, 2, 3, 4].map((attempt) => planRetry(question({ error, attempt })))).toEqual([
      { waitMs: 1_000 },
      { waitMs: 2_000 },
      { waitMs: 4_000 },
      { giveUp: error },
    ]);
  });

  it('heeds the policy of the integration; its last wait serves the rest', () => {
    const policy = { maxRetries: 3, backoffMs: [10, 50] };

    expect([1, 2, 3].map((attempt) => planRetry(question({ policy, attempt })))).toEqual([
      { waitMs: 10 },
      { waitMs: 50 },
      { waitMs: 50 },
    ]);
    expect(planRetry(question({ policy, attempt: 4 }))).toHaveProperty('giveUp');
    expect(planRetry(question({ policy: { maxRetries: 0 } }))).toHaveProperty('giveUp');
  });

  it('never repeats what could do harm, nor what waiting does not mend', () => {
    expect(planRetry(question({ repeatable: false }))).toHaveProperty('giveUp');
    const mended: ErrorCode[] = [
      'provider_rate_limited',
      'provider_timeout',
      'provider_unavailable',
      'provider_unreachable',
      'proxy_failed',
    ];
    for (const code of Object.keys(errorCodes) as ErrorCode[]) {
      expect('waitMs' in planRetry(question({ error: new HubError(code) })), code).toBe(mended.includes(code));
    }
    expect(
      planRetry(question({ error: new HubError('provider_unreachable', undefined, { retryable: false }) })),
    ).toHaveProperty('giveUp');
    expect(
      planRetry(question({ error: new HubError('provider_bad_response', undefined, { retryable: true }) })),
    ).toHaveProperty('waitMs');
  });

  it('gives up at once, telling how long to wait, when the deadline comes first', () => {
    const plan = planRetry(
      question({
        endMs: 900,
        error: new HubError('provider_timeout', 'slow', { cause: 'why', details: { host: 'x' } }),
      }),
    );

    expect(plan).toMatchObject({
      giveUp: { code: 'provider_timeout', message: 'slow', retryAfterMs: 1_000, cause: 'why', details: { host: 'x' } },
    });
  });

  it('passes a Retry-After beyond the deadline, or beyond a minute, on to the caller', () => {
    const error = new HubError('provider_rate_limited', undefined, { retryAfterMs: 61_000 });

    expect(planRetry(question({ error, endMs: 300_000 }))).toEqual({ giveUp: error });
    expect(
      planRetry(question({ error: new HubError('provider_rate_limited', undefined, { retryAfterMs: 40_000 }) })),
    ).toHaveProperty('giveUp');
  });

  it('for any answer: within the jitter, never before Retry-After, never past the end', () => {
    fc.assert(
      fc.property(
        fc.record({
          attempt: fc.integer({ min: 1, max: 6 }),
          waits: fc.option(fc.array(fc.integer({ min: 0, max: 60_000 }), { minLength: 1, maxLength: 5 }), {
            nil: undefined,
          }),
          maxRetries: fc.integer({ min: 0, max: 5 }),
          retryAfterMs: fc.option(fc.integer({ min: 0, max: 200_000 }), { nil: undefined }),
          nowMs: fc.integer({ min: 0, max: 1e9 }),
          leftMs: fc.integer({ min: 0, max: 300_000 }),
          chance: fc.double({ min: 0, max: 0.999_999, noNaN: true }),
        }),
        ({ attempt, waits, maxRetries, retryAfterMs, nowMs, leftMs, chance }) => {
          const error = new HubError(
            'provider_rate_limited',
            undefined,
            retryAfterMs === undefined ? {} : { retryAfterMs },
          );
          const policy = { maxRetries, ...(waits === undefined ? {} : { backoffMs: waits }) };
          const plan = planRetry({
            error,
            attempt,
            policy,
            repeatable: true,
            nowMs,
            endMs: nowMs + leftMs,
            random: () => chance,
          });
          if ('giveUp' in plan) {
            expect(plan.giveUp.code).toBe('provider_rate_limited');
            return;
          }
          const list = waits ?? [1_000, 2_000, 4_000];
          const base = list[Math.min(attempt, list.length) - 1] ?? 0;
          expect(attempt).toBeLessThanOrEqual(maxRetries);
          expect(plan.waitMs).toBeGreaterThanOrEqual(Math.max(base * 0.8, retryAfterMs ?? 0) - 1e-6);
          expect(plan.waitMs).toBeLessThanOrEqual(Math.max(base * 1.2, (retryAfterMs ?? 0) + base * 0.2) + 1e-6);
          expect(nowMs + plan.waitMs).toBeLessThan(nowMs + leftMs);
          expect(plan.waitMs).toBeLessThanOrEqual(60_000);
        },
      ),
      { numRuns: 1_000 },
    );
  });
});

describe('parseRetryAfter', () => {
  const now = new Date('2026-11-21T10:00:00Z');

  it.each([
    ['0', 0],
    ['120', 120_000],
    ['1.5', 1_500],
    ['Sat, 21 Nov 2026 10:00:30 GMT', 30_000],
    ['Saturday, 21-Nov-26 10:00:30 GMT', 30_000],
    ['Sat Nov 21 10:00:30 2026', 30_000],
    ['Sat, 21 Nov 2026 09:00:00 GMT', 0],
    ['999999999', 86_400_000],
    ['Sun, 21 Nov 2027 10:00:00 GMT', 86_400_000],
  ])('reads %s as %i ms', (text, ms) => {
    expect(parseRetryAfter(text, now)).toBe(ms);
  });

  it.each([
    undefined,
    '',
    'soon',
    '-1',
    '1e9',
    '0x10',
    'Infinity',
    '2026-11-21T10:00:30Z',
    'Sat, 41 Nov 2026 10:00:30 GMT',
  ])('ignores %j', (text) => {
    expect(parseRetryAfter(text, now)).toBeUndefined();
  });

  it('is never negative, never above a day, whatever stands there', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.integer().map(String),
          fc.date({ noInvalidDate: true }).map((date) => date.toUTCString()),
        ),
        (text) => {
          const ms = parseRetryAfter(text, now) ?? 0;
          expect(ms >= 0 && ms <= 86_400_000).toBe(true);
        },
      ),
    );
  });
});
