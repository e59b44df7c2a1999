import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { vaultActionIds } from '@inthub/connector-sdk';
import {
  createApiDescription,
  createFakeProvider,
  createMockGateway,
  faultConformance,
  manifestConformance,
  type Responder,
  type SentRequest,
  vaultConformance,
} from '@inthub/connector-sdk/testing';
import { beforeAll, describe, expect, it } from 'vitest';
import { hashicorpVault } from './connector.ts';
import { createFakeVault, type FakeVaultOptions, issueCertificate, sampleSecrets } from './testing.ts';

let certificate: FakeVaultOptions['certificate'];
beforeAll(async () => {
  certificate = await issueCertificate();
});
const fake = (options: Partial<FakeVaultOptions> = {}): Responder => {
  // The certificate exists only once the tests run; the suites build their responders before.
  let responder: Responder | undefined;
  return (request, signal) => {
    responder ??= createFakeVault({ secrets: sampleSecrets, certificate, ...options });
    return responder(request, signal);
  };
};
const gateway = (options: Partial<FakeVaultOptions> = {}, config: Record<string, unknown> = {}) =>
  createMockGateway({
    connector: hashicorpVault,
    respond: fake(options),
    config: { endpoint: 'https://vault.test:8200', authMode: 'token', ...config },
  });

manifestConformance(hashicorpVault);

for (const kvVersion of [1, 2] as const) {
  vaultConformance({
    name: `hashicorp_vault, KV ${kvVersion}`,
    offered: vaultActionIds,
    fixtures: () => ({
      path: 'team/app',
      field: 'password',
      value: 'open sesame',
      folder: 'team',
      names: ['app', 'app', 'ąę%'],
      missingPath: 'team/none',
      key: 'orders',
      pki: { role: 'web', commonName: 'app.example.com' },
    }),
    run: (action, input) => gateway({ kvVersion }, { kvVersion }).run(action, input),
  });
}

faultConformance({
  connector: hashicorpVault,
  config: { endpoint: 'https://vault.test:8200', authMode: 'token' },
  respond: fake,
  cases: [
    { action: 'secret.ref', input: { path: 'team/app' } },
    { action: 'secret.list', input: {} },
    { action: 'secret.read', input: { path: 'team/app' } },
    { action: 'transit.encrypt', input: { key: 'k', plaintext: 'x' } },
    { action: 'transit.decrypt', input: { key: 'k', ciphertext: 'vault:v1:78' } },
    { action: 'pki.issue', input: { role: 'web', commonName: 'app.example.com' } },
    { action: 'certificate.get', input: { serialNumber: '39:dd:2e:90' } },
    { action: 'hashicorp_vault.token.renew', input: {} },
    { action: 'hashicorp_vault.lease.renew', input: { leaseId: 'database/creds/app/1' } },
  ],
  // A folder that does not exist is an empty one.
  outcome: (fault, { url }) => (fault === 'missing' && url.searchParams.get('list') === 'true' ? 'handled' : undefined),
});

describe('requests', () => {
  const file = join(
    process.env['VENDOR_APIS_DIR'] ?? join(import.meta.dirname, '../../../../shared/vendor-apis'),
    'vault/openapi.json',
  );

  it.skipIf(!existsSync(file))("are those of Vault's own description", async () => {
    const described = createApiDescription(JSON.parse(readFileSync(file, 'utf8')), '/v1');
    const run = async (kvVersion: 1 | 2) => {
      const hub = gateway({ kvVersion }, { kvVersion });
      await hub.run('secret.ref', { path: 'team/app' });
      await hub.run('secret.list', { path: 'team' });
      await hub.run('secret.read', { path: 'team/app' });
      const { ciphertext } = (await hub.run('transit.encrypt', { key: 'k', plaintext: 'x' })) as { ciphertext: string };
      await hub.run('transit.decrypt', { key: 'k', ciphertext });
      await hub.run('pki.issue', {
        role: 'web',
        commonName: 'a.b',
        altNames: ['c.d'],
        ipAddresses: ['::1'],
        ttlSeconds: 60,
      });
      await hub.run('certificate.get', { serialNumber: '39:dd:2e:90' });
      await hub.run('hashicorp_vault.token.renew', { incrementSeconds: 60 });
      await hub.run('hashicorp_vault.lease.renew', { leaseId: 'a/b', incrementSeconds: 60 });
      await hub.testConnection();
      for (const { id } of hashicorpVault.checks) await hub.check(id);
      return hub.requests;
    };

    for (const request of [...(await run(1)), ...(await run(2))])
      expect(described.checkRequest(oneSegment(request)), `${request.method} ${request.url}`).toEqual([]);
    expect(described.checkRequest(await sentBody({ plaintext: 5 }))).not.toEqual([]);
  });

  /** The description writes a secret's path as one segment, though it may hold slashes. */
  function oneSegment(request: SentRequest): SentRequest {
    const url = new URL(request.url);
    url.pathname = url.pathname.replace('team/app', 'team');
    return { ...request, url };
  }
  async function sentBody(json: unknown): Promise<SentRequest> {
    const hub = gateway();
    await hub.run('transit.encrypt', { key: 'k', plaintext: 'x' });
    return { ...(hub.requests[0] as SentRequest), body: Buffer.from(JSON.stringify(json)) };
  }

  it('carry the namespace, and go to the mounts of the config', async () => {
    const provider = createFakeProvider();
    const hub = createMockGateway({
      connector: hashicorpVault,
      respond: provider.respond,
      config: { endpoint: 'https://vault.test', authMode: 'token', namespace: 'org/team', kvMount: 'kv/apps' },
    });
    const metadata = { version: 2, created_time: '2026-01-02T03:04:05Z', deletion_time: '2026-02-02T03:04:05Z' };
    provider.expect({
      path: '/v1/kv/apps/data/a/b%25',
      headers: { 'x-vault-namespace': 'org/team' },
      query: { version: '2' },
      // A deleted version.
      reply: { status: 404, json: { data: { data: null, metadata } } },
    });

    await expect(hub.run('secret.read', { path: 'a/b%', version: 2 })).rejects.toMatchObject({
      code: 'provider_not_found',
    });
  });
});

describe('the connection test', () => {
  it('tells version, policies and time left, and renews a token of its own in its second half', async () => {
    const young = gateway();
    expect(await young.testConnection()).toMatchObject({
      success: true,
      details: { version: '1.20.4', policies: ['default', 'app'], tokenTtlSeconds: 3000 },
    });
    expect(young.requests.map(({ url }) => url.pathname)).not.toContain('/v1/auth/token/renew-self');
    const aged = { ttl: 1700, creation_ttl: 3600, renewable: true, policies: ['app'] };
    expect((await gateway({ token: aged }).testConnection()).details).toMatchObject({ tokenTtlSeconds: 3600 });
    const fixed = gateway({ token: { ...aged, renewable: false } });
    expect((await fixed.testConnection()).details).toMatchObject({ tokenTtlSeconds: 1700 });
  });

  it('says that Vault is sealed, and asks that without a token', async () => {
    const hub = gateway({ sealed: true });

    expect(await hub.testConnection()).toMatchObject({
      success: false,
      message: expect.stringContaining('vault operator unseal'),
    });
    expect(hub.requests.every(({ headers }) => headers['x-vault-token'] === undefined)).toBe(true);
    expect(await gateway({ sealed: true }).check('hashicorp_vault.reachable')).toMatchObject({ status: 'fail' });
  });

  it('warns of a root token and of one that ends', async () => {
    const root = { ttl: 0, creation_ttl: 0, renewable: false, policies: ['root'] };
    expect(await gateway({ token: root }).check('hashicorp_vault.token')).toMatchObject({ status: 'warn' });
    const ending = { ttl: 600, creation_ttl: 3600, renewable: false, policies: ['app'] };
    expect(await gateway({ token: ending }).check('hashicorp_vault.token')).toMatchObject({
      status: 'warn',
      message: expect.stringContaining('600 seconds'),
    });
  });
});

it('discovers folders and secrets', async () => {
  const found = await gateway().discover('secrets', { parent: 'team' });

  expect(found.items.map(({ id, attributes }) => [id, attributes])).toEqual([
    ['team/app', { isFolder: false }],
    ['team/app', { isFolder: true }],
    ['team/ąę%', { isFolder: false }],
  ]);
});

it('refuses a version where none are kept', async () => {
  await expect(
    gateway({ kvVersion: 1 }, { kvVersion: 1 }).run('secret.read', { path: 'top', version: 1 }),
  ).rejects.toMatchObject({
    code: 'invalid_request',
    errors: [{ path: '/params/version' }],
  });
});
