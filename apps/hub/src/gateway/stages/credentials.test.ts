import { type CredentialKind, HubError } from '@inthub/contracts';
import { createFakeClock } from '@inthub/testing';
import { describe, expect, it } from 'vitest';
import type { InstalledIntegration } from '../../runtime/runtime.ts';
import { createSampleConnector } from '../../runtime/testing.ts';
import type { GatewayDeps } from '../gateway-deps.ts';
import { createRig } from '../testing.ts';

const token = { endpoint: 'https://registry.example.com', authMode: 'token' } as const;

function setUp(integration: Partial<InstalledIntegration>, resolveCredential?: GatewayDeps['resolveCredential']) {
  const rig = createRig({
    clock: createFakeClock(),
    connector: createSampleConnector(),
    provider: async () => ({ tags: [] }),
    integration,
    deps: resolveCredential === undefined ? {} : { resolveCredential },
  });
  const run = () => rig.gateway.execute({ ...rig.call, action: 'tag.list', params: { repository: 'app' } });
  return { rig, run };
}

const stored = (kind: CredentialKind) => ({
  config: token,
  authRef: 'ref://integrations/sample/main',
  credentialKind: kind,
});
const opening =
  (kind: CredentialKind): GatewayDeps['resolveCredential'] =>
  async () => ({ kind, material: { kind: 'bearer_token', token: 't' }, fingerprint: 'f' });

describe('the credential of a call', () => {
  it('is none for authMode none, and nothing is opened', async () => {
    const { rig, run } = setUp({ authRef: 'ref://integrations/sample/main' });

    expect((await run()).result.success).toBe(true);
    expect(rig.scopes[0]?.auth.mode).toBe('none');
    expect(rig.scopes[0]?.credential).toBeUndefined();
    expect(rig.resolved).toEqual([]);
  });

  it.each(['api_key', 'bearer_token'] as const)('chooses the auth method of the stored kind %s', async (kind) => {
    const { rig, run } = setUp(stored(kind));

    expect((await run()).error).toBeUndefined();
    expect(rig.scopes[0]?.auth.kind).toBe(kind);
    expect(rig.resolved).toEqual([
      {
        tenantId: rig.integration.tenantId,
        integrationId: rig.integration.id,
        authRef: 'ref://integrations/sample/main',
        kind,
        principal: rig.call.principal,
        requestId: 'r1',
      },
    ]);
  });

  it('is opened to see its kind where only the reference is known', async () => {
    const { rig, run } = setUp({ config: token, authRef: 'ref://env/ci/TOKEN' }, opening('bearer_token'));

    expect((await run()).error).toBeUndefined();
    expect(rig.scopes[0]?.auth.kind).toBe('bearer_token');
  });

  it('is opened only when a request needs it, and once', async () => {
    const connector = createSampleConnector({
      testConnection: async () => ({ success: true, message: 'No request.', details: {} }),
    });
    const rig = createRig({ clock: createFakeClock(), connector, integration: stored('api_key') });

    await rig.gateway.testConnection(rig.call);
    expect(rig.resolved).toEqual([]);

    const source = rig.scopes[0]?.credential;
    await Promise.all([source?.open(), source?.open()]);
    expect(rig.resolved).toHaveLength(1);
  });

  it('is tried again after a failure that has passed', async () => {
    let tries = 0;
    const { rig, run } = setUp(stored('api_key'), async (request) => {
      tries += 1;
      if (tries === 1) throw new HubError('credential_unavailable');
      return opening('api_key')(request);
    });
    await run();

    await rig.scopes[0]?.credential?.open();

    expect(tries).toBe(2);
  });
});

describe('without a usable credential the call says what to do', () => {
  it.each<[string, Partial<InstalledIntegration>, RegExp]>([
    ['none stored', { config: token }, /authMode is "token", but no credential is stored/],
    [
      'a kind that the mode does not take',
      stored('basic_auth'),
      /is a basic_auth, but authMode "token" needs api_key or bearer_token/,
    ],
    [
      'an authMode that the connector does not have',
      { config: { ...token, authMode: 'mtls' } },
      /has no authMode "mtls"/,
    ],
  ])('%s', async (_, integration, message) => {
    const { rig, run } = setUp(integration);

    const { error } = await run();

    expect(error).toMatchObject({
      code: 'credential_unavailable',
      blame: 'configuration',
      message: expect.stringMatching(message),
    });
    expect(rig.resolved).toEqual([]);
  });

  it('another kind than expected came out of the vault', async () => {
    const { run } = setUp(stored('api_key'), opening('basic_auth'));

    expect((await run()).error).toMatchObject({
      code: 'credential_unavailable',
      message: expect.stringContaining('is a basic_auth'),
    });
  });

  it('the vault’s own reason reaches the caller', async () => {
    const { run } = setUp(stored('api_key'), async () => {
      throw new HubError('credential_unavailable', 'ref://integrations/sample/main was revoked; store a new one.');
    });

    expect((await run()).error?.message).toBe('ref://integrations/sample/main was revoked; store a new one.');
  });
});

describe('a credential that the provider calls expired', () => {
  it('is read anew for the call, past what is kept, but not for each call of a storm', async () => {
    const asked: (string | undefined)[] = [];
    const clock = createFakeClock();
    const rig = createRig({
      clock,
      connector: createSampleConnector(),
      provider: async (_, scope) => {
        expect(await scope.credential?.renew?.('f')).toMatchObject({ fingerprint: 'f' });
        return { tags: [] };
      },
      integration: stored('bearer_token'),
      deps: {
        resolveCredential: async (request) => {
          asked.push(request.refused);
          return { kind: 'bearer_token', material: { kind: 'bearer_token', token: 't' }, fingerprint: 'f' };
        },
      },
    });
    const run = async (repository: string) => {
      const { error } = await rig.gateway.execute({ ...rig.call, action: 'tag.list', params: { repository } });
      expect(error).toBeUndefined();
    };

    for (const repository of ['a', 'b', 'c']) await run(repository);
    await clock.advance(5_000);
    await run('d');

    // Each call opens it, then asks again; only the first within five seconds goes past the cache.
    expect(asked).toEqual([undefined, 'f', undefined, undefined, undefined, undefined, undefined, 'f']);
  });
});
