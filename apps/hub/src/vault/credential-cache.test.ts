import { createId, type TenantId } from '@inthub/contracts';
import { createFakeClock } from '@inthub/testing';
import { describe, expect, it } from 'vitest';
import type { ResolveRequest } from './credential.ts';
import { createCredentialCache, type OpenedCredential } from './credential-cache.ts';

const tenantId = createId<TenantId>();
const request = (change: Partial<ResolveRequest> = {}): ResolveRequest => ({
  tenantId,
  integrationId: 'i1',
  authRef: 'ref://integrations/x/i1',
  kind: 'bearer_token',
  principal: { kind: 'user', id: 'u', name: 'U' },
  requestId: 'r',
  ...change,
});
const opened = (token: string, sourceIntegrationId: string | null = 'i1'): OpenedCredential => ({
  credential: { kind: 'bearer_token', material: { kind: 'bearer_token', token }, fingerprint: token },
  sourceIntegrationId,
});

describe('credential cache', () => {
  it('opens once for callers at the same time and for ten seconds, from the very start of the clock', async () => {
    const clock = createFakeClock();
    const cache = createCredentialCache(clock);
    let openings = 0;
    const open = async () => {
      openings += 1;
      return opened(`token ${openings}`);
    };

    await Promise.all(Array.from({ length: 20 }, () => cache.get(request(), open)));
    await clock.advance(10_000);
    await cache.get(request(), open);
    expect(openings).toBe(1);
    await clock.advance(1);
    expect((await cache.get(request(), open)).fingerprint).toBe('token 2');
  });

  it('does not hand out again what was refused, and keeps what is opened instead', async () => {
    const cache = createCredentialCache(createFakeClock());
    await cache.get(request(), async () => opened('old'));

    const next = await cache.get(request({ refused: 'old' }), async () => opened('new'));

    expect(next.fingerprint).toBe('new');
    const kept = await cache.get(request({ refused: 'old' }), async () => opened('newest'));
    expect(kept.fingerprint).toBe('new');
  });

  it('keeps tenants, integrations, references and kinds apart', async () => {
    const cache = createCredentialCache(createFakeClock());
    const requests = [
      request(),
      request({ tenantId: createId<TenantId>() }),
      request({ integrationId: 'i2' }),
      request({ authRef: 'ref://integrations/x/i2' }),
      request({ kind: 'webhook_secret' }),
    ];

    const got = await Promise.all(requests.map((one, number) => cache.get(one, async () => opened(`token ${number}`))));

    expect(new Set(got.map(({ fingerprint }) => fingerprint)).size).toBe(requests.length);
  });

  it('forgets an integration, those that borrow from it, and nobody else', async () => {
    const cache = createCredentialCache(createFakeClock());
    const own = request();
    const borrower = request({ integrationId: 'i2' });
    const stranger = request({ integrationId: 'i3' });
    await cache.get(own, async () => opened('old', 'i1'));
    await cache.get(borrower, async () => opened('old', 'i1'));
    await cache.get(stranger, async () => opened('old', 'i3'));

    cache.forget(tenantId, 'i1');

    const now = await Promise.all([own, borrower, stranger].map((one) => cache.get(one, async () => opened('new'))));
    expect(now.map(({ fingerprint }) => fingerprint)).toEqual(['new', 'new', 'old']);
  });

  it('neither keeps nor shares what was being opened while it was told to forget', async () => {
    const cache = createCredentialCache(createFakeClock());
    let finish = (_: OpenedCredential) => {};
    const before = cache.get(request(), () => new Promise((resolve) => (finish = resolve)));
    cache.forget(tenantId, 'i1');
    const after = cache.get(request(), async () => opened('new'));
    finish(opened('old'));

    expect((await before).fingerprint).toBe('old');
    expect((await after).fingerprint).toBe('new');
    expect((await cache.get(request(), async () => opened('never'))).fingerprint).toBe('new');
  });

  it('does not remember a failure', async () => {
    const cache = createCredentialCache(createFakeClock());
    await expect(cache.get(request(), () => Promise.reject(new Error('down')))).rejects.toThrow('down');

    expect((await cache.get(request(), async () => opened('up'))).fingerprint).toBe('up');
  });
});
