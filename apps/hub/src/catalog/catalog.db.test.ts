import { createId } from '@inthub/contracts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type CatalogRig, newIntegration, openCatalogRig, registryType, type TenantRig } from './testing.ts';

let rig: CatalogRig;
let tenant: TenantRig;
beforeAll(async () => {
  rig = await openCatalogRig();
});
afterAll(async () => {
  await rig?.close();
});
beforeEach(async () => {
  tenant = await rig.tenant();
});

const basic = { kind: 'basic_auth', username: 'ada', password: 'pw' } as const;
const withBasic = { config: { endpoint: 'https://r.example.com', authMode: 'basic' }, credentials: basic };

describe('create', () => {
  it('stores a draft and gives every field back', async () => {
    const created = await tenant.create({
      name: '  Production\u0301 ',
      description: 'd',
      config: {
        endpoint: 'https://Registry.Example.com:443/base//',
        authMode: 'none',
        namespace: 'team',
        timeout: 5000,
      },
      environment: 'prod',
      tags: ['b', 'a', 'b '],
      ownerId: 'team-x',
      features: { webhooksEnabled: false },
      rateLimits: { requestsPerMinute: 10 },
    });

    expect(created).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      tenantId: tenant.id,
      type: 'registry.oci',
      category: 'registry',
      connectorId: 'oci',
      connectorVersion: '1.0.0',
      name: 'Production\u0301'.normalize('NFC'),
      description: 'd',
      config: { endpoint: 'https://registry.example.com/base', authMode: 'none', namespace: 'team', timeout: 5000 },
      authRef: null,
      credentialKind: null,
      environment: 'prod',
      tags: ['b', 'a'],
      ownerId: 'team-x',
      status: 'draft',
      statusReason: null,
      pauseReason: null,
      pauseTicket: null,
      approvedBy: null,
      health: 'unknown',
      lastTestedAt: null,
      lastTestSuccess: null,
      lastError: null,
      consecutiveFailures: 0,
      features: { syncEnabled: false, webhooksEnabled: false, streamingEnabled: true },
      rateLimits: { requestsPerMinute: 10 },
      usage: { totalRequests: 0, totalErrors: 0, averageLatencyMs: 0, last24hRequests: 0, lastActivityAt: null },
      createdAt: '2026-11-21T10:00:00.000Z',
      createdBy: 'ada',
      modifiedAt: '2026-11-21T10:00:00.000Z',
      modifiedBy: 'ada',
      version: 1,
    });
    expect(await tenant.catalog.get(tenant.id, created.id)).toEqual(created);
  });

  it('writes its event and its audit entry', async () => {
    const created = await tenant.create();

    expect(await tenant.events()).toMatchObject([
      {
        type: 'integration.created',
        source: created.id,
        data: { integrationId: created.id, name: created.name, integrationType: 'registry.oci', status: 'draft' },
        metadata: { connectorId: 'oci', connectorVersion: '1.0.0' },
      },
    ]);
    expect(await tenant.auditEntries()).toMatchObject([
      {
        action: 'integration.create',
        actor: { kind: 'user', id: 'ada' },
        target: { type: 'integration', id: created.id, name: created.name },
        outcome: 'success',
        after: { status: 'draft', config: { endpoint: 'https://registry.example.com' } },
      },
    ]);
    expect(tenant.calls()).toEqual([`changed ${created.id}`]);
  });

  it('stores credentials in the vault, shows the reference, and schedules a check when submitted', async () => {
    const created = await tenant.create({ ...withBasic, submit: true });

    expect(created).toMatchObject({
      status: 'pending_verification',
      authRef: `ref://integrations/test/${created.id}`,
      credentialKind: 'basic_auth',
      version: 1,
    });
    expect(tenant.calls()).toEqual([
      `store basic_auth ${created.id}`,
      `check now ${created.id}`,
      `changed ${created.id}`,
    ]);
    expect((await tenant.events()).map(({ type }) => type)).toEqual([
      'integration.created',
      'integration.submitted',
      'integration.status_changed',
    ]);
    expect(JSON.stringify([await tenant.auditEntries(), await tenant.events()])).not.toContain('"pw"');
  });

  it('takes a reference in place of credentials', async () => {
    const config = { endpoint: 'https://r.example.com', authMode: 'token' };
    const created = await tenant.create({ config, authRef: 'ref://env/hub/TOKEN' });

    expect(created).toMatchObject({ authRef: 'ref://env/hub/TOKEN', credentialKind: 'bearer_token' });
  });

  const base = { endpoint: 'https://r.example.com', authMode: 'none' };
  it.each([
    ['an unknown type', { type: 'registry.oic' }, '/type', /registry\.oci/],
    ['an empty name', { name: ' \t ' }, '/name', /empty/],
    ['a control character in the name', { name: 'a\u0007b' }, '/name', /control/],
    ['a name that is too long', { name: 'x'.repeat(129) }, '/name', /at most 128/],
    ['no config', { config: undefined }, '/config', /object/],
    ['a missing field', { config: { authMode: 'none' } }, '/config/endpoint', /required/],
    ['an unknown field', { config: { ...base, namespce: 'x' } }, '/config/namespce', /namespace/],
    ['a wrong value', { config: { ...base, timeout: 'soon' } }, '/config/timeout', /integer/],
    [
      'a mode that the type lacks',
      { config: { ...base, authMode: 'oauth' } },
      '/config/authMode',
      /none, basic, token/,
    ],
    ['a broken endpoint', { config: { ...base, endpoint: 'registry' } }, '/config/endpoint', /./],
    ['a password in the endpoint', { config: { ...base, endpoint: 'https://a:b@x' } }, '/config/endpoint', /authRef/],
    ['a query in the endpoint', { config: { ...base, endpoint: 'https://x/?a=b' } }, '/config/endpoint', /"\?"/],
    ['a secret in the config', { config: { ...base, password: 'x' } }, '/config/password', /credentials/],
    [
      'a secret header',
      { config: { ...base, customHeaders: { Authorization: 'x' } } },
      '/config/customHeaders/Authorization',
      /credentials/,
    ],
    [
      'a header with a line break',
      { config: { ...base, customHeaders: { 'a\r\nb': 'x' } } },
      '/config/customHeaders/a\r\nb',
      /known/,
    ],
    ['text that cannot be stored', { config: { ...base, namespace: 'a\u0000' } }, '/config', /NUL/],
    ['an oversize config', { config: { ...base, filler: 'x'.repeat(140_000) } }, '/config', /at most/],
    ['too many tags', { tags: Array.from({ length: 51 }, (_, index) => `t${index}`) }, '/tags', /at most 50/],
    ['a long tag', { tags: ['ok', 'x'.repeat(65)] }, '/tags/1', /at most 64/],
    [
      'credentials with authMode none',
      { credentials: basic },
      '/credentials',
      /takes no credential.*basic \(basic_auth\)/,
    ],
    ['a reference with authMode none', { authRef: 'ref://env/hub/X' }, '/authRef', /takes no credential/],
    ['both', { ...withBasic, authRef: 'ref://env/hub/X' }, '/authRef', /one of the two/],
    [
      'a kind that does not fit',
      { ...withBasic, credentials: { kind: 'bearer_token', token: 'x' } as const },
      '/credentials/kind',
      /authMode "token"/,
    ],
    [
      'a reference to nothing',
      { config: { ...base, authMode: 'token' }, authRef: 'ref://env/hub/missing' },
      '/authRef',
      /nothing/,
    ],
  ])('refuses %s, names the field, and writes nothing', async (_, input, path, message) => {
    const refused = await tenant.catalog
      .create(tenant.as('ada'), { ...newIntegration(), ...input } as never)
      .catch((error: unknown) => error);

    expect(refused).toMatchObject({ code: 'invalid_request' });
    expect((refused as { errors: unknown[] }).errors[0]).toMatchObject({
      path,
      message: expect.stringMatching(message),
    });
    expect((await tenant.catalog.list(tenant.id, {}, { limit: 10 })).items).toEqual([]);
    expect(await tenant.events()).toEqual([]);
    expect(await tenant.auditEntries()).toEqual([]);
  });

  it('reports every faulty field, up to a bound', async () => {
    const junk = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`junk${index}`, 1]));
    const refused = tenant.create({ config: { endpoint: 1, authMode: 'x', ...junk } });

    await expect(refused).rejects.toMatchObject({ code: 'invalid_request', errors: { length: 20 } });
  });

  it('refuses to submit what cannot log in', async () => {
    const refused = tenant.create({ config: { endpoint: 'https://r.example.com', authMode: 'basic' }, submit: true });

    await expect(refused).rejects.toMatchObject({ code: 'conflict', errors: [{ path: '/credentials' }] });
  });

  it('keeps names unique among what is installed, and frees them on uninstall', async () => {
    const first = await tenant.create({ name: 'Café' });
    await expect(tenant.create({ name: ' Cafe\u0301 ' })).rejects.toMatchObject({
      code: 'conflict',
      errors: [{ path: '/name' }],
    });
    await tenant.catalog.uninstall(tenant.as('ada'), first.id, { deleteData: true, revokeTokens: true });

    const second = await tenant.create({ name: 'Café' });
    const other = await rig.tenant();
    expect(await other.create({ name: 'Café' })).toMatchObject({ name: 'Café' });
    await tenant.catalog.uninstall(tenant.as('ada'), second.id, { deleteData: true, revokeTokens: true });
    expect(await tenant.create({ name: 'Café' })).toMatchObject({ name: 'Café' });
  });

  it('lets one of two simultaneous creations of a name win, with credentials to store in both', async () => {
    const results = await Promise.allSettled(
      Array.from({ length: 6 }, () => tenant.create({ ...withBasic, name: 'same' })),
    );

    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const result of results) {
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'conflict' });
    }
    expect(await rig.audit.verify(tenant.id)).toMatchObject({ intact: true, entries: 1 });
  });

  it('does not happen without its audit entry', async () => {
    await rig.superuser.query('REVOKE INSERT ON inthub.audit_entries FROM inthub_app');
    try {
      await expect(tenant.create()).rejects.toMatchObject({ code: '42501' });
    } finally {
      await rig.superuser.query('GRANT INSERT ON inthub.audit_entries TO inthub_app');
    }

    expect((await tenant.catalog.list(tenant.id, {}, { limit: 10 })).items).toEqual([]);
    expect(await tenant.events()).toEqual([]);
  });
});

describe('types', () => {
  it('are listed by id, filtered, and a wrong id names near ones', async () => {
    const harbor = registryType({ id: 'registry.harbor', connectorId: 'harbor' });
    const scm = registryType({
      id: 'scm.github',
      connectorId: 'github',
      manifest: { ...registryType().manifest, id: 'scm.github', category: 'source_control' },
    });
    const { catalog } = await rig.tenant({ types: [scm, harbor, registryType()] });
    const ids = (filter?: object) => catalog.types(filter).map(({ id }) => id);

    expect(ids()).toEqual(['registry.harbor', 'registry.oci', 'scm.github']);
    expect(ids({ category: 'registry' })).toEqual(['registry.harbor', 'registry.oci']);
    expect(ids({ connector: 'github' })).toEqual(['scm.github']);
    expect(catalog.getType('registry.harbor').connectorId).toBe('harbor');
    expect(() => catalog.getType('registry.habor')).toThrowError(/did you mean registry\.harbor/);
    expect(() => catalog.getType('__proto__')).toThrowError(/no integration type/);
  });
});

describe("another tenant's integration", () => {
  it('does not exist, whatever is asked of it', async () => {
    const mine = await tenant.create();
    const other = await rig.tenant();
    const stranger = other.as('eve');
    const { catalog } = other;
    const outcome = { success: true, message: '', latencyMs: 1, errorCode: null };
    const attempts = (id: string) => [
      () => catalog.get(other.id, id),
      () => catalog.update(stranger, id, 1, { description: 'x' }, 'merge'),
      () => catalog.uninstall(stranger, id, { deleteData: true, revokeTokens: true }),
      () => catalog.submit(stranger, id),
      () => catalog.activate(stranger, id),
      () => catalog.pause(stranger, id, { reason: 'x' }),
      () => catalog.resume(stranger, id),
      () => catalog.authenticate(stranger, id, basic),
      () => catalog.recordCheck(stranger, id, outcome),
    ];

    for (const id of [mine.id, createId(), 'not-an-id', '']) {
      for (const attempt of attempts(id)) {
        await expect(attempt()).rejects.toMatchObject({ code: 'not_found', message: 'There is no such integration.' });
      }
      expect(await catalog.findForCall(other.id, id)).toBeUndefined();
    }
    expect((await catalog.list(other.id, {}, { limit: 10 })).items).toEqual([]);
    expect(await tenant.catalog.get(tenant.id, mine.id)).toEqual(mine);
    expect(await other.auditEntries()).toEqual([]);
  });
});

describe('findForCall', () => {
  it('gives what a call needs', async () => {
    const created = await tenant.create(withBasic);

    expect(await tenant.catalog.findForCall(tenant.id, created.id)).toEqual({
      id: created.id,
      tenantId: tenant.id,
      name: created.name,
      type: 'registry.oci',
      connectorId: 'oci',
      connectorVersion: '1.0.0',
      status: 'draft',
      config: { endpoint: 'https://r.example.com', authMode: 'basic' },
      authRef: created.authRef,
      credentialKind: 'basic_auth',
      features: created.features,
      rateLimits: {},
      version: 1,
    });
  });
});
