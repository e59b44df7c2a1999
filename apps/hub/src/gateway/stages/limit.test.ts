import { createFakeClock } from '@inthub/testing';
import { describe, expect, it } from 'vitest';
import { createSampleConnector, deployTag, listTags } from '../../runtime/testing.ts';
import { createRig, type RigOptions } from '../testing.ts';

/** The same as tag.list, never cached. */
const { cacheTtlMs: _, ...uncached } = listTags;
const read = { ...uncached, id: 'tag.read' };

function setUp(options: Partial<RigOptions> = {}) {
  const clock = createFakeClock();
  const connector = createSampleConnector({ actions: [listTags, deployTag, read] });
  const rig = createRig({ clock, connector, provider: async () => ({ tags: ['v1'] }), ...options });
  const run = (action = 'tag.read', params: unknown = { repository: 'app' }) =>
    rig.gateway.execute({ ...rig.call, action, params });
  return { clock, rig, run };
}

describe('limits', () => {
  it('refuse with what was hit and when to come back', async () => {
    const { rig, run } = setUp({ integration: { rateLimits: { requestsPerMinute: 2 } } });
    await run();
    await run();

    const { result, error } = await run();

    expect(result.error).toEqual({
      code: 'rate_limited',
      message: expect.stringContaining('30 s'),
      retryable: true,
      retryAfterMs: 30_000,
    });
    expect(error).toMatchObject({
      status: 429,
      details: { limitType: 'connector', remaining: 0, resetAt: '2026-01-01T00:01:00.000Z' },
    });
    await expect(rig.gateway.testConnection(rig.call)).rejects.toMatchObject({ code: 'rate_limited' });
    await rig.gateway.close();
    expect(rig.audit.at(-1)).toMatchObject({ outcome: 'denied', details: { limitType: 'connector' } });
  });

  it('are the tenant’s for all of its integrations', async () => {
    const { run } = setUp({ deps: { limits: { tenant: { requestsPerMinute: 1 } } } });
    await run();

    expect((await run()).error).toMatchObject({ details: { limitType: 'tenant' }, blame: 'caller' });
  });

  it('charge an action’s weight', async () => {
    const { run } = setUp({ integration: { rateLimits: { requestsPerMinute: 9 } } });
    await run('tag.deploy', { tag: 'v1' });

    expect((await run('tag.deploy', { tag: 'v1' })).error).toMatchObject({
      code: 'rate_limited',
      details: { remaining: 4 },
    });
  });

  it('come from the connector’s pace where the integration names none', async () => {
    const { run } = setUp({ connector: createSampleConnector({ manifest: { pace: { requestsPerMinute: 1 } } }) });
    await run('tag.deploy', { tag: 'v1' });

    expect((await run('tag.deploy', { tag: 'v1' })).error).toMatchObject({ code: 'rate_limited' });
  });

  it('follow the provider’s headers', async () => {
    const { clock, rig, run } = setUp({
      provider: async (_, scope) => {
        const base = {
          method: 'GET',
          host: 'h',
          path: '/',
          attempt: 1,
          purpose: 'action',
          durationMs: 1,
          requestBytes: 0,
          responseBytes: 0,
        } as const;
        const rateLimit = { limit: 60, remaining: 0, resetAt: new Date('2026-01-01T00:00:20Z') };
        scope.onAttempt({ ...base, status: 200, errorCode: null, rateLimit });
        return { tags: [] };
      },
    });
    expect((await run()).result.metadata).toMatchObject({
      rateLimitRemaining: 0,
      rateLimitResetAt: '2026-01-01T00:00:20.000Z',
    });

    expect((await run()).error).toMatchObject({
      code: 'rate_limited',
      retryAfterMs: 20_000,
      blame: 'provider',
      details: { limitType: 'external' },
    });
    expect(await rig.scrape('connector_rate_limit_remaining')).toEqual([expect.stringMatching(/ 0$/)]);
    await clock.advance(20_000);
    expect((await run()).error).toBeUndefined();
  });

  it.each([
    [429, true],
    [403, true],
    [503, false],
    [202, false],
  ])('take Retry-After beside status %s for a limit: %s', async (status, closes) => {
    const { run } = setUp({
      provider: async (_, scope) => {
        const base = { method: 'GET', host: 'h', path: '/', attempt: 1, purpose: 'action', errorCode: null } as const;
        scope.onAttempt({
          ...base,
          status,
          durationMs: 1,
          requestBytes: 0,
          responseBytes: 0,
          rateLimit: { retryAfterMs: 5_000 },
        });
        return { tags: [] };
      },
    });
    await run();

    expect((await run()).error?.details['limitType']).toBe(closes ? 'external' : undefined);
  });
});
