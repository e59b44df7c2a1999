import type { Integration } from '@inthub/contracts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type CatalogRig, openCatalogRig, registryType, type TenantRig } from './testing.ts';

let rig: CatalogRig;
let tenant: TenantRig;
let made: Integration;
beforeAll(async () => {
  rig = await openCatalogRig();
});
afterAll(async () => {
  await rig?.close();
});
beforeEach(async () => {
  tenant = await rig.tenant();
  made = await tenant.create({
    name: 'one',
    description: 'd',
    config: { endpoint: 'https://a.example.com', authMode: 'basic', namespace: 'team', timeout: 1000 },
    credentials: { kind: 'basic_auth', username: 'ada', password: 'pw' },
    tags: ['a', 'b'],
    environment: 'prod',
    ownerId: 'x',
    features: { webhooksEnabled: false },
    rateLimits: { requestsPerMinute: 5 },
  });
  tenant.calls();
});

const as = () => tenant.as('grace');
const patch = (change: object, version = made.version) =>
  tenant.catalog.update(as(), made.id, version, change, 'merge');
const put = (change: object, version = made.version) =>
  tenant.catalog.update(as(), made.id, version, change, 'replace');

describe('PATCH', () => {
  it('changes the fields given and only those, and says who and when', async () => {
    await rig.clock.advance(1000);
    const changed = await patch({ name: ' two ', tags: ['c'], description: null });

    expect(changed).toEqual({
      ...made,
      name: 'two',
      tags: ['c'],
      description: null,
      version: 2,
      modifiedBy: 'grace',
      modifiedAt: rig.clock.now().toISOString(),
    });
    expect(await tenant.catalog.get(tenant.id, made.id)).toEqual(changed);
    expect((await tenant.events()).at(-1)).toMatchObject({
      type: 'integration.updated',
      data: { changed: ['name', 'description', 'tags'], version: 2, name: 'two' },
    });
    expect((await tenant.auditEntries()).at(-1)).toMatchObject({
      action: 'integration.update',
      actor: { id: 'grace' },
      before: { name: 'one', description: 'd', tags: ['a', 'b'] },
      after: { name: 'two', description: null, tags: ['c'] },
    });
    expect(tenant.calls()).toEqual([`changed ${made.id}`]);
  });

  it('merges config by its top fields, null removes one, and checks the whole', async () => {
    const changed = await patch({ config: { namespace: null, timeout: 2000, customHeaders: { 'X-Team': 'a' } } });

    expect(changed.config).toEqual({
      endpoint: 'https://a.example.com',
      authMode: 'basic',
      timeout: 2000,
      customHeaders: { 'X-Team': 'a' },
    });
    await expect(patch({ config: { endpoint: null } }, 2)).rejects.toMatchObject({
      errors: [{ path: '/config/endpoint', rule: 'required' }],
    });
    await expect(patch({ config: [] }, 2)).rejects.toMatchObject({ errors: [{ path: '/config' }] });
  });

  it('keeps features that are not given', async () => {
    expect((await patch({ features: { syncEnabled: true } })).features).toEqual({
      syncEnabled: true,
      webhooksEnabled: false,
      streamingEnabled: true,
    });
  });

  it('writes nothing when nothing changes', async () => {
    const before = (await tenant.events()).length;

    expect(await patch({ name: 'one', config: { timeout: 1000 }, authRef: made.authRef })).toEqual(made);

    expect(await tenant.events()).toHaveLength(before);
    expect(tenant.calls()).toEqual([]);
  });

  it('refuses a stale version, names the present one, and loses nothing', async () => {
    await patch({ description: 'second' });

    await expect(patch({ description: 'third' })).rejects.toMatchObject({
      code: 'version_mismatch',
      details: { currentVersion: 2 },
    });
    expect(await tenant.catalog.get(tenant.id, made.id)).toMatchObject({ description: 'second', version: 2 });
  });

  it('lets exactly one of many simultaneous changes win', async () => {
    const results = await Promise.allSettled(
      Array.from({ length: 8 }, (_, index) => patch({ description: `change ${index}` })),
    );

    const won = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    expect(won).toHaveLength(1);
    for (const result of results) {
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'version_mismatch' });
    }
    expect(await tenant.catalog.get(tenant.id, made.id)).toEqual(won[0]);
    expect((await tenant.auditEntries()).filter(({ action }) => action === 'integration.update')).toHaveLength(1);
  });

  it('refuses the name of another integration, and rolls back what came with it', async () => {
    await tenant.create({ name: 'taken' });

    await expect(patch({ name: 'taken', description: 'x' })).rejects.toMatchObject({
      code: 'conflict',
      errors: [{ path: '/name' }],
    });
    expect(await tenant.catalog.get(tenant.id, made.id)).toEqual(made);
  });

  it('refuses an oversize or hostile field by its name', async () => {
    await expect(patch({ description: 'x'.repeat(2001) })).rejects.toMatchObject({
      errors: [{ path: '/description' }],
    });
    await expect(patch({ environment: 'a\u0000' })).rejects.toMatchObject({ errors: [{ path: '/environment' }] });
    await expect(patch({ config: { apiKey: 'x' } })).rejects.toMatchObject({ errors: [{ path: '/config/apiKey' }] });
  });
});

describe('PUT', () => {
  it('takes the whole: what is left out goes back to its default, but for the credential', async () => {
    const changed = await put({ name: 'one', config: { endpoint: 'https://b.example.com', authMode: 'basic' } });

    expect(changed).toMatchObject({
      config: { endpoint: 'https://b.example.com', authMode: 'basic' },
      description: null,
      environment: null,
      tags: [],
      ownerId: null,
      features: { syncEnabled: false, webhooksEnabled: true, streamingEnabled: true },
      rateLimits: {},
      authRef: made.authRef,
      credentialKind: 'basic_auth',
      version: 2,
    });
    expect(changed.config).not.toHaveProperty('namespace');
  });

  it.each(['name', 'config'])('needs %s', async (field) => {
    const whole: Record<string, unknown> = { name: 'one', config: made.config };
    delete whole[field];

    await expect(put(whole)).rejects.toMatchObject({ code: 'invalid_request', errors: [{ path: `/${field}` }] });
  });

  it('accepts what GET showed', async () => {
    const { name, description, config, authRef, environment, tags, ownerId, features, rateLimits } = made;

    expect(await put({ name, description, config, authRef, environment, tags, ownerId, features, rateLimits })).toEqual(
      made,
    );
  });
});

describe('credentials', () => {
  it('are replaced in the vault; before activation the old test counts no more', async () => {
    const outcome = { success: true, message: 'ok', latencyMs: 1, errorCode: null };
    await tenant.catalog.recordCheck(as(), made.id, outcome);
    tenant.calls();

    const changed = await patch({ credentials: { kind: 'basic_auth', username: 'ada', password: 'new' } });

    expect(changed).toMatchObject({ authRef: made.authRef, lastTestSuccess: null, version: 2 });
    expect(tenant.calls()).toEqual([`store basic_auth ${made.id}`, `changed ${made.id}`]);
    expect((await tenant.events()).at(-1)).toMatchObject({ data: { changed: ['credentials'] } });
    expect(JSON.stringify(await tenant.auditEntries())).not.toContain('new"');
  });

  it('are destroyed when a reference takes their place', async () => {
    const changed = await patch({ authRef: 'ref://env/hub/PASSWORD' });

    expect(changed).toMatchObject({ authRef: 'ref://env/hub/PASSWORD', credentialKind: 'basic_auth' });
    expect(tenant.calls()).toEqual([`revoke ${made.id}`, `changed ${made.id}`]);
    await expect(patch({ authRef: 'ref://env/hub/missing' }, 2)).rejects.toMatchObject({
      errors: [{ path: '/authRef' }],
    });
  });

  it('are destroyed when the new auth mode takes none', async () => {
    expect(await patch({ config: { authMode: 'none' } })).toMatchObject({ authRef: null, credentialKind: null });
    expect(tenant.calls()).toContain(`revoke ${made.id}`);
  });

  it('have to come along with an auth mode that takes another kind', async () => {
    await expect(patch({ config: { authMode: 'token' } })).rejects.toMatchObject({
      errors: [{ path: '/credentials', message: expect.stringMatching(/bearer_token or api_key, not basic_auth/) }],
    });
    const credentials = { kind: 'api_key', key: 'k' };
    expect(await patch({ config: { authMode: 'token' }, credentials })).toMatchObject({ credentialKind: 'api_key' });
  });

  it('are rotated by authenticate, without a version', async () => {
    const credentials = { kind: 'basic_auth', username: 'ada', password: 'rotated' } as const;
    const changed = await tenant.catalog.authenticate(as(), made.id, credentials);

    expect(changed).toMatchObject({ version: 2, status: 'draft', credentialKind: 'basic_auth' });
    expect((await tenant.auditEntries()).at(-1)).toMatchObject({ action: 'integration.authenticate' });
    await expect(
      tenant.catalog.authenticate(as(), made.id, { kind: 'bearer_token', token: 'x' }),
    ).rejects.toMatchObject({ errors: [{ path: '/credentials/kind' }] });
  });
});

describe('a change of the way in', () => {
  it('is checked at once where checks run', async () => {
    await tenant.catalog.submit(as(), made.id);
    tenant.calls();
    await patch({ config: { timeout: 2000 } }, 2);
    expect(tenant.calls()).toEqual([`check now ${made.id}`, `changed ${made.id}`]);

    await patch({ description: 'no need' }, 3);
    expect(tenant.calls()).toEqual([`changed ${made.id}`]);
  });
});

describe('without the connector', () => {
  it('everything but config and credentials can be changed', async () => {
    await tenant.catalog.setTypes([]);

    expect(await patch({ description: 'still here' })).toMatchObject({ description: 'still here' });
    await expect(patch({ config: { timeout: 1 } }, 2)).rejects.toMatchObject({ code: 'connector_unavailable' });
    await expect(
      tenant.catalog.authenticate(as(), made.id, { kind: 'basic_auth', username: 'a', password: 'b' }),
    ).rejects.toMatchObject({ code: 'connector_unavailable' });
    await tenant.catalog.setTypes([registryType()]);
  });
});
