import { HubError } from '@inthub/contracts';
import { describe, expect, it } from 'vitest';
import { createTestEvidence } from '../testing.ts';
import { isScarce, rateLimit } from './rate-limit.ts';

describe('the rate limit check', () => {
  it.each([
    [{ limit: 100, remaining: 11 }, 'pass', '11 of 100'],
    [{ limit: 100, remaining: 10 }, 'warn', 'Only 10 of 100'],
    [{ limit: 100, remaining: 0 }, 'fail', 'Nothing is left of 100'],
    [{ remaining: 3 }, 'pass', '3 requests'],
    [{ limit: 100 }, 'pass', 'does not tell'],
  ])('of %j is %s', async (state, status, words) => {
    const evidence = createTestEvidence({ requests: [{ rateLimit: state }] });

    expect(await rateLimit.run(evidence)).toMatchObject({ status, message: expect.stringContaining(words) });
  });

  it('takes the last answer that says anything, and none of a token service', async () => {
    const evidence = createTestEvidence({
      requests: [
        { rateLimit: { limit: 100, remaining: 90, resetAt: new Date('2026-11-21T11:00:00Z') } },
        {},
        { purpose: 'token', rateLimit: { limit: 10, remaining: 0 } },
      ],
    });

    expect(await rateLimit.run(evidence)).toMatchObject({
      status: 'pass',
      details: { limit: 100, remaining: 90, resetAt: '2026-11-21T11:00:00.000Z' },
    });
  });

  it('fails when the provider refuses for pace', async () => {
    const details = { code: 'provider_rate_limited', retryAfterMs: 5_000 };
    const evidence = createTestEvidence({ test: { success: false, message: 'Slow down.', details } });

    expect(await rateLimit.run(evidence)).toMatchObject({ status: 'fail', details: { retryAfterMs: 5_000 } });
  });

  it('knows nothing when the hub itself refused to test', async () => {
    const evidence = createTestEvidence({ test: new HubError('rate_limited') });

    expect(await rateLimit.run(evidence)).toMatchObject({
      status: 'pass',
      message: expect.stringContaining('not tell'),
    });
  });

  it.each([
    [{ limit: 5_000, remaining: 501 }, false],
    [{ limit: 5_000, remaining: 500 }, true],
    [{ remaining: 5 }, true],
    [{ remaining: 6 }, false],
  ])('calls %j scarce: %s', async (state, scarce) => {
    const evidence = createTestEvidence({ requests: [{ rateLimit: state }] });
    await evidence.test();

    expect(isScarce(evidence.requests)).toBe(scarce);
  });
});
