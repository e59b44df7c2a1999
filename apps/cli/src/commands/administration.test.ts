import { describe, expect, it } from 'vitest';
import { problem } from '../testing/fake-hub.ts';
import { startBench } from '../testing/run-cli.ts';
import { ids, sampleConnector, sampleIdentity, sampleType } from '../testing/samples.ts';

const at = '2026-11-20T08:00:00.000Z';
const apiKey = {
  id: ids.key,
  tenantId: ids.tenant,
  name: 'ci',
  prefix: 'inthub_abc',
  scopes: ['integrations.read'],
  expiresAt: null,
  lastUsedAt: at,
  revokedAt: null,
  createdAt: at,
  createdBy: 'me',
};
const user = {
  id: ids.user,
  tenantId: ids.tenant,
  subject: null,
  email: 'a@example.com',
  name: 'Ada',
  roles: ['admin'],
  active: true,
  createdAt: at,
};
const page = (...items: unknown[]) => ({ items, nextCursor: null });

describe('inthub keys', () => {
  it('lists keys', async () => {
    const { run } = await startBench({ listApiKeys: () => page(apiKey) });

    const { stdout } = await run(['keys', 'list']);

    expect(stdout).toMatch(/ci +inthub_abc +\S+ +integrations\.read +never +2026-11-20 08:00:00Z +–/);
  });

  it('puts a new key alone on stdout, so that it can be piped away', async () => {
    const { hub, run } = await startBench({ createApiKey: () => ({ key: 'inthub_abc_whole', apiKey }) });

    const { stdout, stderr } = await run(['keys', 'create', '--name', 'ci', '--role', 'developer', '--expires', '90d']);

    expect(stdout).toBe('inthub_abc_whole\n');
    expect(stderr).toContain('not shown again');
    expect(hub.requests[0]?.body).toEqual({ name: 'ci', roles: ['developer'], expiresAt: '2027-02-19T10:15:30.000Z' });
  });

  it('wants to know what a key may do', async () => {
    const { run } = await startBench();

    expect(await run(['keys', 'create', '--name', 'ci'])).toMatchObject({ code: 2 });
    expect(await run(['keys', 'create', '--name', 'ci', '--scope', 'all'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('integrations.read'),
    });
  });

  it('revokes by id or prefix, never by a part of one', async () => {
    const { hub, run } = await startBench({ listApiKeys: () => page(apiKey), revokeApiKey: () => undefined });

    const codes: number[] = [];
    for (const name of [ids.key, 'inthub_abc', 'inthub_ab']) codes.push((await run(['keys', 'revoke', name])).code);

    expect(codes).toEqual([0, 0, 5]);
    expect(hub.requests.filter(({ operation }) => operation === 'revokeApiKey').map(({ path }) => path)).toEqual([
      { id: ids.key },
      { id: ids.key },
    ]);
  });

  it('revokes none of several with one prefix', async () => {
    const { run } = await startBench({ listApiKeys: () => page(apiKey, { ...apiKey, id: ids.other }) });

    expect(await run(['keys', 'revoke', 'inthub_abc'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('by its id'),
    });
  });
});

describe('inthub users and tenants', () => {
  it('lists, adds and changes users', async () => {
    const { hub, run } = await startBench({
      listUsers: () => page(user),
      createUser: () => user,
      changeUser: () => ({ ...user, active: false }),
    });

    const listed = await run(['users', 'list']);
    await run(['users', 'create', '--name', 'Ada', '--role', 'admin', 'auditor', '--email', 'a@example.com']);
    const changed = await run(['users', 'update', ids.user, '--deactivate']);

    expect(listed.stdout).toMatch(/Ada +a@example\.com +admin +yes/);
    expect(changed.stdout).toMatch(/Ada +a@example\.com +admin +no/);
    expect(hub.requests.slice(1).map(({ body }) => body)).toEqual([
      { name: 'Ada', roles: ['admin', 'auditor'], email: 'a@example.com' },
      { active: false },
    ]);
  });

  it.each([
    [['users', 'update', ids.user]],
    [['users', 'update', ids.user, '--activate', '--deactivate']],
    [['users', 'create', '--name', 'Ada']],
    [['users', 'create', '--name', 'Ada', '--role', 'king']],
    [['tenants', 'update', ids.tenant]],
    [['tenants', 'create', '--name', 'Acme']],
  ])('refuses %j', async (args) => {
    const { hub, run } = await startBench();

    expect((await run(args)).code).toBe(2);
    expect(hub.requests).toEqual([]);
  });

  it('lists, creates and changes tenants', async () => {
    const { hub, run } = await startBench({
      listTenants: () => page(sampleIdentity.tenant),
      createTenant: () => sampleIdentity.tenant,
      changeTenant: () => sampleIdentity.tenant,
    });

    const { stdout } = await run(['tenants', 'list']);
    await run(['tenants', 'create', '--slug', 'acme', '--name', 'Acme', '--require-approval']);
    await run(['tenants', 'update', ids.tenant, '--waive-approval']);

    expect(stdout).toMatch(/main +Main +no/);
    expect(hub.requests.slice(1).map(({ body }) => body)).toEqual([
      { slug: 'acme', name: 'Acme', approvalRequired: true },
      { approvalRequired: false },
    ]);
  });
});

describe('inthub audit', () => {
  it('lists entries of a time', async () => {
    const entry = {
      id: 'e',
      seq: 12,
      at,
      hash: 'h',
      actor: { kind: 'user', id: 'u', name: 'Ada' },
      action: 'integration.pause',
      target: { type: 'integration', id: ids.integration, name: 'main registry' },
      outcome: 'success',
      requestId: 'r',
      reason: 'migration',
      ticket: 'OPS-7',
    };
    const { hub, run } = await startBench({ listAudit: () => page(entry) });

    const filters = ['--action', 'integration.pause', '--actor', 'u', '--target', ids.integration];
    const { stdout } = await run(['audit', 'list', ...filters, '--since', '24h', '--until', '2026-11-21']);

    expect(stdout).toMatch(
      /12 +2026-11-20 08:00:00Z +Ada +integration\.pause +integration main registry +success +migration OPS-7/,
    );
    expect(hub.requests[0]?.query).toEqual({
      action: 'integration.pause',
      actorId: 'u',
      targetId: ids.integration,
      since: '2026-11-20T10:15:30.000Z',
      until: '2026-11-21T00:00:00.000Z',
      limit: '50',
    });
  });

  it('verifies with exit code 0 when intact and 3 when broken', async () => {
    const intact = await startBench({
      verifyAudit: () => ({ intact: true, entries: 41, firstBroken: null, head: null }),
    });
    const broken = {
      intact: false,
      entries: 41,
      firstBroken: { seq: 17, problem: 'its hash does not fit' },
      head: null,
    };
    const bad = await startBench({ verifyAudit: () => broken });

    expect(await intact.run(['audit', 'verify'])).toMatchObject({
      code: 0,
      stdout: 'The audit is intact: 41 entries.\n',
    });
    expect(await bad.run(['audit', 'verify'])).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('broken from entry 17: its hash does not fit'),
    });
    const json = await bad.run(['audit', 'verify', '--json']);
    expect({ ...json, stdout: JSON.parse(json.stdout) as unknown }).toMatchObject({
      code: 3,
      stderr: '',
      stdout: broken,
    });
  });

  it('does not call an audit broken that could not be read', async () => {
    const { run } = await startBench({
      verifyAudit: () => {
        throw problem(403, 'forbidden', 'This needs the scope audit.read.');
      },
    });

    expect(await run(['audit', 'verify'])).toMatchObject({ code: 4, stdout: '' });
  });
});

describe('inthub vault rekey', () => {
  it('says how many secrets are under which key', async () => {
    const { json, run } = await startBench({ rekeyVault: () => ({ rewrapped: 3, failed: 0, keyId: 'k2' }) });

    expect((await run(['vault', 'rekey'])).stdout).toBe('3 secrets were re-wrapped; all are under key k2 now.\n');
    expect(await json(['vault', 'rekey'])).toEqual({ rewrapped: 3, failed: 0, keyId: 'k2' });
  });

  it('does not hide those that did not open', async () => {
    const { run } = await startBench({ rekeyVault: () => ({ rewrapped: 3, failed: 2, keyId: 'k2' }) });

    expect((await run(['vault', 'rekey'])).stdout).toContain('2 did not open under the key they name');
  });
});

describe('inthub types and connectors', () => {
  it('lists and shows types with their config and auth modes', async () => {
    const { hub, run } = await startBench({
      listIntegrationTypes: () => page(sampleType),
      getIntegrationType: () => sampleType,
    });

    const list = await run(['types', 'list', '--category', 'registry']);
    const { stdout } = await run(['types', 'show', 'registry.harbor']);

    expect(list.stdout).toMatch(/registry\.harbor +Harbor +registry +harbor +2/);
    expect(hub.requests[0]?.query).toEqual({ category: 'registry' });
    expect(stdout).toMatch(/endpoint +string +yes +– +Base URL\.\nauthMode +basic \| token \| none +yes/);
    expect(stdout).toMatch(/timeout +integer 100–300000 +– +30000/);
    expect(stdout).toMatch(/network\.proxyUrl +string/);
    expect(stdout).toMatch(/basic +basic_auth +User +A robot account\./);
    expect(stdout).toMatch(/patient +Waits longer\. +\{"timeout":60000\}/);
  });

  it('lists and shows connectors, and warns of plugins that could not be loaded', async () => {
    const { actions: _actions, ...listed } = sampleConnector;
    const broken = [{ path: 'plugins/odd', reason: 'no manifest' }];
    const { run } = await startBench({
      listConnectors: () => ({ ...page(listed), broken }),
      getConnector: () => sampleConnector,
    });

    const list = await run(['connectors', 'list']);
    const { stdout } = await run(['connectors', 'show', 'harbor']);

    expect(list.stdout).toMatch(/harbor +Harbor +1\.2\.0 +Example +registry +registry\.harbor, registry\.other/);
    expect(list.stderr).toBe('warning: plugins/odd could not be loaded: no manifest\n');
    expect(stdout).toMatch(/tag\.list +tag\.list +yes +no +tag\.list/);
    expect(stdout).toMatch(/pull +yes +to read tags/);
  });
});
