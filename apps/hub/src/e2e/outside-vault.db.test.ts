import { type FaultServer, respond, startFaultServer } from '@inthub/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestHub, type TestHub } from './testing.ts';

// A registry whose credential lies in a Vault: the reference is opened through the Vault integration, and the caller never sees it.
let vault: FaultServer;
let registry: FaultServer;
let hub: TestHub;
let vaultId: string;
const secret = 'canary-registry-password-51e0';
const basic = `Basic ${Buffer.from(`robot:${secret}`).toString('base64')}`;

beforeAll(async () => {
  vault = await startFaultServer();
  registry = await startFaultServer();
  const metadata = { version: 1, created_time: '2026-01-02T03:04:05Z' };
  vault.always(
    'POST',
    '/v1/auth/approle/login',
    respond.json(200, { auth: { client_token: 'hvs.1', lease_duration: 60 } }),
  );
  vault.always('GET', '/v1/sys/health', respond.json(200, { initialized: true, sealed: false, standby: false }));
  vault.always('GET', '/v1/auth/token/lookup-self', respond.json(200, { data: { ttl: 60, policies: ['app'] } }));
  vault.always(
    'GET',
    '/v1/secret/data/team/registry',
    respond.json(200, { data: { data: { username: 'robot', password: secret }, metadata } }),
  );
  vault.always('GET', '/v1/secret/data/team/none', respond.json(404, { errors: [] }));
  registry.always('GET', '/v2/', async (exchange) =>
    exchange.request.headers['authorization'] === basic
      ? respond.json(200, {})(exchange)
      : respond.json(401, { errors: [] }, { 'www-authenticate': 'Basic realm="r"' })(exchange),
  );
  hub = await startTestHub();
  const created = await hub.call('POST', '/api/v1/integrations', {
    type: 'vault.hashicorp',
    name: 'main',
    config: { endpoint: vault.url, authMode: 'basic' },
    credentials: { kind: 'basic_auth', username: 'role', password: 'secret-id' },
    submit: true,
  });
  vaultId = created.body.id;
  const tested = await hub.call('POST', `/api/v1/integrations/${vaultId}/test`);
  expect(tested.body, tested.text).toMatchObject({ success: true });
});
afterAll(async () => {
  await hub.stop();
  await vault.stop();
  await registry.stop();
});

async function registryWith(name: string, authRef: string) {
  const created = await hub.call('POST', '/api/v1/integrations', {
    type: 'registry.oci',
    name,
    config: { endpoint: registry.url, authMode: 'basic', retryPolicy: { maxRetries: 0 } },
    authRef,
    submit: true,
  });
  expect(created.status, created.text).toBe(201);
  return (await hub.call('POST', `/api/v1/integrations/${created.body.id}/test`)).body;
}

describe('a credential that lies in a vault', () => {
  it('is fetched through the vault integration, by its name or id, and shows nowhere', async () => {
    expect(await registryWith('by-name', 'ref://vaults/main/team/registry')).toMatchObject({ success: true });
    expect(await registryWith('by-id', `ref://vaults/${vaultId}/team/registry`)).toMatchObject({ success: true });

    // Calls leave their audit entries a little later (GW-8).
    const auditOfReads = async () => {
      const read = await hub.call('GET', '/api/v1/audit?limit=100');
      const reads = read.body.items.filter(
        (entry: { details?: { action?: string } }) => entry.details?.action === 'secret.read',
      );
      return { audit: read, reads };
    };
    await expect.poll(async () => (await auditOfReads()).reads.length, { timeout: 20_000 }).toBeGreaterThan(0);
    const { audit, reads } = await auditOfReads();
    expect(reads[0]).toMatchObject({ target: { id: vaultId }, outcome: 'success' });
    for (const text of [audit.text, ...hub.logs]) {
      expect(text).not.toContain(secret);
      expect(text).not.toContain('hvs.1');
    }
  });

  it('cannot be read out by a caller without a grant that says so', async () => {
    const read = await hub.call('POST', `/api/v1/connectors/instances/${vaultId}/execute`, {
      action: 'secret.read',
      params: { path: 'team/registry' },
    });

    expect(read.status).toBe(403);
    expect(read.body).toMatchObject({ code: 'not_granted' });
    expect(read.text).not.toContain(secret);
  });

  it.each([
    ['no such vault', 'ref://vaults/other/team/registry', /no integration "other"/],
    ['no vault at all', 'ref://vaults/by-name/team/registry', /is no vault/],
    ['no such secret', 'ref://vaults/main/team/none', /did not give team\/none/],
    ['no such field', 'ref://vaults/main/team/registry#token', /"token"/],
  ])('%s: says what is wrong', async (name, authRef, message) => {
    expect(await registryWith(name, authRef)).toMatchObject({
      success: false,
      message: expect.stringMatching(message),
      details: { code: 'credential_unavailable' },
    });
  });

  it('is not given by a vault that takes its own credential from a vault', async () => {
    const created = await hub.call('POST', '/api/v1/integrations', {
      type: 'vault.hashicorp',
      name: 'circle',
      config: { endpoint: vault.url, authMode: 'token' },
      authRef: 'ref://vaults/circle/team/token#token',
      submit: true,
    });

    const tested = await hub.call('POST', `/api/v1/integrations/${created.body.id}/test`);

    expect(tested.body).toMatchObject({ success: false, message: expect.stringMatching(/one of its own/) });
  });
});
