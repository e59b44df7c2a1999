import type { Integration } from '@inthub/contracts';
import { createFakeClock } from '@inthub/testing';
import { describe, expect, it } from 'vitest';
import { createHealthCache, type LastCheck } from './health-cache.ts';

const minute = 60_000;
const checkedAt = '2026-11-21T09:59:00.000Z';

function bench() {
  const clock = createFakeClock('2026-11-21T10:00:00Z');
  const cache = createHealthCache(clock);
  const integration = (more: Partial<Integration> = {}) =>
    ({
      id: 'one',
      tenantId: 'acme',
      version: 3,
      status: 'active',
      health: 'healthy',
      connectorVersion: '1.0.0',
      lastTestedAt: checkedAt,
      consecutiveFailures: 0,
      ...more,
    }) as Integration;
  const found = (more: Partial<LastCheck> = {}): LastCheck => ({
    last: { checkedAt, success: true, latencyMs: 5, errorCode: null, message: 'ok' },
    nextCheckAt: null,
    skippedOffline: false,
    ...more,
  });
  const keep = (of = integration(), what = found()) => cache.keep(of, what, cache.epoch);
  return { clock, cache, integration, found, keep };
}

describe('health cache', () => {
  it('lives for five minutes after it was last asked', async () => {
    const { clock, cache, integration, found, keep } = bench();
    keep();
    for (let asked = 0; asked < 3; asked += 1) {
      await clock.advance(5 * minute - 1);
      expect(cache.get(integration())).toEqual(found());
    }
    await clock.advance(5 * minute + 1);
    expect(cache.get(integration())).toBeUndefined();
  });

  it('holds a thousand, and lets go of those longest unasked', () => {
    const { cache, integration, keep } = bench();
    for (let id = 0; id < 1_001; id += 1) {
      keep(integration({ id: `i${id}` }));
      cache.get(integration({ id: 'i0' }));
    }

    const kept = Array.from({ length: 1_001 }, (_, id) => id).filter((id) => cache.get(integration({ id: `i${id}` })));
    expect(kept).toHaveLength(1_000);
    expect(kept).not.toContain(1);
  });

  it('keeps tenants apart', () => {
    const { cache, integration, keep } = bench();
    keep();

    expect(cache.get(integration({ tenantId: 'other' }))).toBeUndefined();
    expect(cache.get(integration())).toBeDefined();
  });

  it.each([
    ['version', { version: 4 }],
    ['status', { status: 'paused' as const }],
    ['health', { health: 'degraded' as const }],
    ['connector', { connectorVersion: '1.0.1' }],
    ['last check', { lastTestedAt: '2026-11-21T09:59:30.000Z' }],
    ['count of failures', { consecutiveFailures: 1 }],
  ])('counts for nothing once the row has another %s', (_what, change) => {
    const { cache, integration, keep } = bench();
    keep();

    expect(cache.get(integration(change))).toBeUndefined();
    expect(cache.get(integration())).toBeUndefined();
  });

  it('does not keep the check before the one that the row tells of', () => {
    const { cache, integration, found, keep } = bench();
    keep(integration({ lastTestedAt: '2026-11-21T09:59:30.000Z' }));
    keep(integration({ id: 'two' }), found({ last: undefined }));
    keep(integration({ id: 'three', lastTestedAt: null }), found({ last: undefined }));

    expect(cache.get(integration({ lastTestedAt: '2026-11-21T09:59:30.000Z' }))).toBeUndefined();
    expect(cache.get(integration({ id: 'two' }))).toBeUndefined();
    expect(cache.get(integration({ id: 'three', lastTestedAt: null }))).toBeDefined();
  });

  it('ends shortly before the next turn, which may be left out without a change of the row', async () => {
    const { clock, cache, integration, found, keep } = bench();
    keep(integration(), found({ nextCheckAt: new Date(clock.now().getTime() + minute) }));

    await clock.advance(minute - 5_001);
    expect(cache.get(integration())).toBeDefined();
    await clock.advance(1);
    expect(cache.get(integration())).toBeUndefined();
    keep(integration(), found({ nextCheckAt: clock.now() }));
    expect(cache.get(integration())).toBeUndefined();
  });

  it('forgets an integration, a tenant, everything, and what was being read meanwhile', () => {
    const { cache, integration, found, keep } = bench();
    const all = [integration(), integration({ id: 'two' }), integration({ tenantId: 'other' })];
    const known = () => all.map((one) => cache.get(one) !== undefined);
    for (const one of all) keep(one);

    cache.forget('acme', 'two');
    expect(known()).toEqual([true, false, true]);
    cache.forgetTenant('acme');
    expect(known()).toEqual([false, false, true]);
    const { epoch } = cache;
    cache.forgetAll();
    cache.keep(integration(), found(), epoch);
    expect(known()).toEqual([false, false, false]);
  });
});
