import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nextDelay, retrySteps } from './schedule.ts';

const hour = 3_600_000;

describe('retry schedule', () => {
  it('short tries again after exactly 1, 5 and 30 s, then gives up', () => {
    const steps = retrySteps({ preset: 'short' });

    expect([1, 2, 3, 4].map((attempts) => nextDelay(steps, { attempts, random: 0.9 }))).toEqual([
      1_000,
      5_000,
      30_000,
      undefined,
    ]);
  });

  it('day makes eight tries in about 28 hours', () => {
    const { backoffMs, jitter } = retrySteps({ preset: 'day' });
    const total = backoffMs.reduce((sum, step) => sum + step, 0);

    expect(backoffMs).toHaveLength(7);
    expect(jitter).toBe(0.2);
    expect(total / hour).toBeGreaterThan(27);
    expect(total / hour).toBeLessThan(28);
  });

  const policy = fc.record({
    backoffMs: fc.array(fc.integer({ min: 100, max: 172_800_000 }), { maxLength: 20 }),
    jitter: fc.double({ min: 0, max: 0.5, noNaN: true }),
  });
  const random = fc.double({ min: 0, max: 0.999_999, noNaN: true });

  it('gives one wait for each step, within the jitter', () => {
    fc.assert(
      fc.property(policy, random, (given, value) => {
        const steps = retrySteps(given);
        for (const [index, step] of given.backoffMs.entries()) {
          const delay = nextDelay(steps, { attempts: index + 1, random: value });
          expect(delay).toBeGreaterThanOrEqual(Math.floor(step * (1 - given.jitter)));
          expect(delay).toBeLessThanOrEqual(Math.ceil(step * (1 + given.jitter)));
        }
        expect(nextDelay(steps, { attempts: given.backoffMs.length + 1, random: value })).toBeUndefined();
      }),
    );
  });

  it('follows Retry-After between once and twice the step', () => {
    fc.assert(
      fc.property(policy, random, fc.integer({ min: 0, max: 1e9 }), (given, value, retryAfterMs) => {
        for (const [index, step] of given.backoffMs.entries()) {
          const delay = nextDelay(retrySteps(given), { attempts: index + 1, random: value, retryAfterMs });
          expect(delay).toBe(retryAfterMs < step ? step : Math.min(retryAfterMs, 2 * step));
        }
      }),
    );
  });

  it('repeats the last step for a delivery that holds its place', () => {
    const endless = { random: 0.5, endless: true };

    expect(nextDelay(retrySteps({ preset: 'short' }), { attempts: 99, ...endless })).toBe(30_000);
    expect(nextDelay({ backoffMs: [], jitter: 0 }, { attempts: 1, ...endless })).toBe(30_000);
  });
});
