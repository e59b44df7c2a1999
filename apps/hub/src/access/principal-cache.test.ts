import { createId, HubError, type Principal } from '@inthub/contracts';
import { createFakeClock } from '@inthub/testing';
import { describe, expect, it } from 'vitest';
import { type Admission, createPrincipalCache } from './principal-cache.ts';

const admission = (id = 'key-1', expiresAtMs = Number.POSITIVE_INFINITY): Admission => {
  const principal: Principal = { tenantId: createId(), kind: 'api_key', id, name: id, scopes: new Set() };
  return { principal, expiresAtMs };
};

describe('principal cache', () => {
  it('keeps an admission for 30 s and a refusal for 10 s, from the very start of the clock', async () => {
    const clock = createFakeClock();
    const cache = createPrincipalCache(clock);
    const good = admission();
    await cache.load('good', async () => good);
    await cache.load('bad', () => Promise.reject(new HubError('unauthenticated'))).catch(() => undefined);

    await clock.advance(9_999);
    expect([cache.find('good'), cache.find('bad')]).toEqual([good, 'refused']);
    await clock.advance(2);
    expect([cache.find('good'), cache.find('bad')]).toEqual([good, undefined]);
    await clock.advance(20_000);
    expect(cache.find('good')).toBeUndefined();
  });

  it('shares one look-up, and forgets errors that say nothing about the credential', async () => {
    const cache = createPrincipalCache(createFakeClock());
    let lookUps = 0;
    const down = async () => {
      lookUps += 1;
      throw new HubError('unavailable');
    };

    await Promise.allSettled([cache.load('k', down), cache.load('k', down), cache.load('k', down)]);

    expect(lookUps).toBe(1);
    expect(cache.find('k')).toBeUndefined();
  });

  it('does not keep or share what was read before a drop', async () => {
    const cache = createPrincipalCache(createFakeClock());
    let finish = (_: Admission) => {};
    const stale = cache.load('k', () => new Promise((resolve) => (finish = resolve)));

    cache.drop(() => false);
    const fresh = admission('fresh');
    const second = cache.load('k', async () => fresh);
    finish(admission('stale'));

    expect((await stale).principal.id).toBe('stale');
    expect(await second).toBe(fresh);
    expect(cache.find('k')).toBe(fresh);
  });

  it('drops those that match, and every refusal', async () => {
    const cache = createPrincipalCache(createFakeClock());
    const other = admission('other');
    await cache.load('a', async () => admission('gone'));
    await cache.load('b', async () => other);
    await cache.load('c', () => Promise.reject(new HubError('unauthenticated'))).catch(() => undefined);

    cache.drop(({ id }) => id === 'gone');

    expect([cache.find('a'), cache.find('b'), cache.find('c')]).toEqual([undefined, other, undefined]);
  });

  it('holds 10,000 entries at most, the longest unused go first', async () => {
    const cache = createPrincipalCache(createFakeClock());
    for (let number = 0; number <= 10_000; number += 1) await cache.load(`k${number}`, async () => admission());

    expect(cache.find('k0')).toBeUndefined();
    expect(cache.find('k1')).toBeDefined();
  });
});
