import { createFakeClock } from '@inthub/testing';
import { describe, expect, it } from 'vitest';
import { cacheBounds, createResponseCaches } from './response-cache.ts';

describe('response caches', () => {
  it('have the promised bounds', () => {
    expect(cacheBounds).toMatchObject({
      connection_test: { ttlMs: 120_000, sliding: true, max: 500 },
      discovery: { ttlMs: 600_000, sliding: true, max: 5_000 },
      tag: { ttlMs: 3_600_000, sliding: false, max: 10_000 },
    });
  });

  it('hold no more than their number, dropping what was unused for longest', () => {
    const caches = createResponseCaches(createFakeClock());
    for (let i = 0; i < 501; i += 1) caches.set('connection_test', `k${i}`, 't/i', i, 120_000);

    expect(caches.get('connection_test', 'k0')).toBeUndefined();
    expect(caches.get('connection_test', 'k500')).toMatchObject({ value: 500 });
  });

  it('do not keep an answer above 1 MiB', () => {
    const caches = createResponseCaches(createFakeClock());
    caches.set('action', 'large', 't/i', { body: 'x'.repeat(600_000) }, 1_000);
    caches.set('action', 'fine', 't/i', { body: 'x'.repeat(400_000) }, 1_000);

    expect(caches.get('action', 'large')).toBeUndefined();
    expect(caches.get('action', 'fine')).toBeDefined();
  });

  it('never keep longer than the cache allows, whatever an action asks for', async () => {
    const clock = createFakeClock();
    const caches = createResponseCaches(clock);
    caches.set('action', 'k', 't/i', 1, Number.MAX_SAFE_INTEGER);
    await clock.advance(86_400_001);

    expect(caches.get('action', 'k')).toBeUndefined();
  });

  it('forget one integration in all caches and leave the others alone', () => {
    const caches = createResponseCaches(createFakeClock());
    caches.set('action', 'a1', 't/a', 1, 1_000);
    caches.set('discovery', 'a2', 't/a', 1, 1_000);
    caches.tags('t/a').set('app:v1', 'sha256:1');
    caches.set('action', 'b1', 't/b', 1, 1_000);
    caches.tags('t/b').set('app:v1', 'sha256:2');

    caches.forget('t/a');

    expect([caches.get('action', 'a1'), caches.get('discovery', 'a2'), caches.tags('t/a').get('app:v1')]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(caches.get('action', 'b1')).toBeDefined();
    expect(caches.tags('t/b').get('app:v1')).toBe('sha256:2');
  });

  it('forget everything at once, what is on its way included', () => {
    const caches = createResponseCaches(createFakeClock());
    const { epoch } = caches;
    const onItsWay = caches.tags('t/a');
    caches.set('action', 'a', 't/a', 1, 1_000);
    caches.set('discovery', 'b', 't/b', 1, 1_000);
    caches.tags('t/b').set('app:v1', 'sha256:1');

    caches.forgetAll();
    onItsWay.set('app:v1', 'sha256:2');

    const left = [caches.get('action', 'a'), caches.get('discovery', 'b'), caches.tags('t/b').get('app:v1')];
    expect([...left, caches.tags('t/a').get('app:v1')]).toEqual(Array(4).fill(undefined));
    expect(caches.epoch).not.toBe(epoch);
  });

  it('take no tag from a call that began before something was forgotten', () => {
    const caches = createResponseCaches(createFakeClock());
    const old = caches.tags('t/a');
    caches.forget('t/a');

    old.set('app:v1', 'sha256:1');

    expect(caches.tags('t/a').get('app:v1')).toBeUndefined();
  });
});
