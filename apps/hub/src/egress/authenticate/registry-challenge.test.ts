import { type FaultServer, respond, startFaultServer } from '@inthub/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ClientOverrides, createTestEgress, failure, type TestEgress } from '../testing.ts';

let registry: FaultServer;
let tokens: FaultServer;
let test: TestEgress;

beforeEach(async () => {
  registry = await startFaultServer();
  tokens = await startFaultServer();
  test = createTestEgress();
});

afterEach(async () => {
  await test.egress.close();
  await Promise.all([registry.stop(), tokens.stop()]);
});

const scheme = { scheme: 'registry-challenge' } as const;
const material = { kind: 'basic_auth', username: 'ann', password: 'registry-password' } as const;
const bearer = (scope: string, realm = `${tokens.url}/token`) => ({
  'www-authenticate': `Bearer realm="${realm}",service="reg.example",scope="${scope}"`,
});
const challenge = (scope = 'repository:team/app:pull', realm?: string) => respond.json(401, {}, bearer(scope, realm));
const pull = (path = '/v2/team/app/manifests/v1', overrides: ClientOverrides = {}) =>
  test.client(registry.url, { scheme, material, ...overrides }).get(path);

describe('a registry with a token service', () => {
  it('is asked once without a token, then with one', async () => {
    registry.on(
      'GET',
      '/v2/team/app/manifests/v1',
      challenge('repository:team/app:pull repository:base:pull'),
      respond.json(200, { ok: 1 }),
    );
    tokens.on('GET', '/token', respond.json(200, { token: 'jwt-1', expires_in: 300 }));

    expect(await (await pull()).json()).toEqual({ ok: 1 });

    const [asked] = tokens.requests;
    expect(asked?.query.getAll('scope')).toEqual(['repository:team/app:pull', 'repository:base:pull']);
    expect(asked?.query.get('service')).toBe('reg.example');
    expect(asked?.query.get('account')).toBe('ann');
    expect(asked?.headers['authorization']).toBe(`Basic ${Buffer.from('ann:registry-password').toString('base64')}`);
    expect(registry.requests.map(({ headers }) => headers['authorization'])).toEqual([undefined, 'Bearer jwt-1']);
    expect(test.attempts.map(({ purpose, status }) => [purpose, status])).toEqual([
      ['action', 401],
      ['token', 200],
      ['action', 200],
    ]);
  });

  it('gets the kept token at once for the same repository, and takes access_token as well', async () => {
    registry.on('GET', '/v2/team/app/manifests/v1', challenge(), respond.json(200, {}));
    registry.on('GET', '/v2/team/app/tags/list', respond.json(200, {}));
    tokens.on('GET', '/token', respond.json(200, { access_token: 'jwt-1' }));

    await pull();
    await pull('/v2/team/app/tags/list');

    expect(registry.requests.at(-1)?.headers['authorization']).toBe('Bearer jwt-1');
    registry.verify();
  });

  it('keeps a token for a minute when its lifetime is not told, less a margin', async () => {
    registry.on(
      'GET',
      '/v2/team/app/manifests/v1',
      challenge(),
      respond.json(200, {}),
      respond.json(200, {}),
      respond.json(200, {}),
    );
    tokens.on('GET', '/token', respond.json(200, { token: 'jwt-1' }), respond.json(200, { token: 'jwt-2' }));

    await pull();
    await test.clock.advance(53_999);
    await pull();
    expect(tokens.requests).toHaveLength(1);
    await test.clock.advance(1);
    await pull();

    expect(registry.requests.at(-1)?.headers['authorization']).toBe('Bearer jwt-2');
  });

  it('is asked for one token by many calls at once', async () => {
    registry.always('GET', '/v2/team/app/manifests/v1', ({ request, response }) => {
      if (request.headers['authorization'] === 'Bearer jwt-1') response.end('{}');
      else response.writeHead(401, bearer('repository:team/app:pull')).end();
    });
    tokens.on('GET', '/token', respond.slow(20, respond.json(200, { token: 'jwt-1' })));

    await Promise.all(Array.from({ length: 20 }, () => pull()));

    expect(tokens.requests).toHaveLength(1);
  });

  it('renews a token that is refused before its time, once', async () => {
    registry.on(
      'GET',
      '/v2/team/app/manifests/v1',
      challenge(),
      respond.json(200, {}),
      challenge(),
      respond.json(200, {}),
    );
    tokens.on('GET', '/token', respond.json(200, { token: 'jwt-1' }), respond.json(200, { token: 'jwt-2' }));

    await pull();
    await pull();

    expect(registry.requests.map(({ headers }) => headers['authorization'])).toEqual([
      undefined,
      'Bearer jwt-1',
      'Bearer jwt-1',
      'Bearer jwt-2',
    ]);
  });

  it('that refuses a fresh token has refused the credential: no loop', async () => {
    registry.always('GET', '/v2/team/app/manifests/v1', challenge());
    tokens.always('GET', '/token', respond.json(200, { token: 'jwt-1' }));

    const error = await failure(pull());

    expect(error).toMatchObject({ code: 'provider_unauthenticated', blame: 'configuration' });
    expect(registry.requests).toHaveLength(2);
    expect(tokens.requests).toHaveLength(1);
  });

  it('keeps the tokens of tenants, integrations and credentials apart', async () => {
    registry.always('GET', '/v2/team/app/manifests/v1', ({ request, response }) => {
      if (request.headers['authorization'] !== undefined) response.end('{}');
      else response.writeHead(401, bearer('repository:team/app:pull')).end();
    });
    let minted = 0;
    tokens.always('GET', '/token', (exchange) => {
      minted += 1;
      return respond.json(200, { token: `jwt-${minted}` })(exchange);
    });

    await pull();
    await pull(undefined, { tenantId: 'tenant-2' });
    await pull(undefined, { integrationId: 'integration-2' });
    await pull(undefined, { credential: { open: async () => ({ material, fingerprint: 'rotated' }) } });

    const used = registry.requests
      .map(({ headers }) => headers['authorization'])
      .filter((value) => value !== undefined);
    expect(new Set(used).size).toBe(4);
  });

  it('serves the public without a credential', async () => {
    registry.on('GET', '/v2/team/app/manifests/v1', challenge(), respond.json(200, {}));
    tokens.on('GET', '/token', respond.json(200, { token: 'anonymous' }));

    await test.client(registry.url, { scheme }).get('/v2/team/app/manifests/v1');

    expect(tokens.requests[0]?.headers).not.toHaveProperty('authorization');
    expect(tokens.requests[0]?.query.has('account')).toBe(false);
  });

  it.each([
    [
      'refuses the credential',
      respond.json(401, { details: 'incorrect username or password' }),
      'provider_unauthenticated',
    ],
    ['is down', respond.json(503, {}), 'provider_unavailable'],
    ['redirects', respond.redirect('http://127.0.0.1:1/'), 'provider_bad_response'],
    ['sends garbage', respond.garbageJson(), 'provider_bad_response'],
    ['sends no token', respond.json(200, {}), 'provider_bad_response'],
    ['sends a token that would split the header', respond.json(200, { token: 'a\r\nx: y' }), 'provider_bad_response'],
    ['sends too much', respond.bigBody(2_000_000), 'provider_response_too_large'],
  ])('fails with the right code when its token service %s', async (_name, reply, code) => {
    registry.on('GET', '/v2/team/app/manifests/v1', challenge());
    tokens.always('GET', '/token', reply);

    const error = await failure(
      test
        .client(registry.url, { scheme, material, config: { retryPolicy: { maxRetries: 0 } } })
        .get('/v2/team/app/manifests/v1'),
    );

    expect(error.code).toBe(code);
    expect(JSON.stringify([error.message, error.cause])).not.toContain('registry-password');
  });
});

describe('the realm', () => {
  const refused = async (realm: string, overrides: ClientOverrides = {}) => {
    registry.on('GET', '/v2/team/app/manifests/v1', challenge(undefined, realm));
    const error = await failure(pull(undefined, overrides));
    expect(tokens.connections).toBe(0);
    return error;
  };

  it('elsewhere is refused, and the message says how to allow it', async () => {
    const error = await refused('https://collector.example/token');

    expect(error.code).toBe('egress_denied');
    expect(error.message).toContain('sends the hub to collector.example for a token');
    expect(error.message).toContain('set config.tokenRealmHost to "collector.example"');
  });

  it.each([
    [
      'a blocked host',
      () => `http://localhost:${tokens.port}/token`,
      { blockedHosts: ['localhost'], config: { tokenRealmHost: 'localhost' } },
    ],
    ['user name and password inside', () => 'http://a:b@127.0.0.1/token', {}],
    ['another scheme', () => 'file:///etc/passwd', {}],
    ['no URL', () => 'token', {}],
    [
      'a metadata address that tokenRealmHost names',
      () => 'http://169.254.169.254/token',
      { config: { tokenRealmHost: '169.254.169.254' } },
    ],
  ])('with %s is refused', async (_name, realm, overrides) => {
    expect((await refused(realm(), overrides)).code).toBe('egress_denied');
  });

  it.each([
    ['declared', () => ({ allowedHosts: [`localhost:${tokens.port}`] })],
    ['named in tokenRealmHost', () => ({ config: { tokenRealmHost: 'localhost' } })],
    ['named there with its port', () => ({ config: { tokenRealmHost: `localhost:${tokens.port}` } })],
  ])('that is %s is asked', async (_name, overrides) => {
    const own = createTestEgress({
      policy: { allow: ['127.0.0.1'] },
      resolve: async () => [{ address: '127.0.0.1', family: 4 }],
    });
    registry.on(
      'GET',
      '/v2/team/app/manifests/v1',
      challenge(undefined, `http://localhost:${tokens.port}/token`),
      respond.json(200, {}),
    );
    tokens.on('GET', '/token', respond.json(200, { token: 'jwt-1' }));

    await own.client(registry.url, { scheme, material, ...overrides() }).get('/v2/team/app/manifests/v1');

    expect(tokens.requests).toHaveLength(1);
    await own.egress.close();
  });

  it('that resolves to a private address is refused like any other host', async () => {
    const own = createTestEgress({ resolve: async () => [{ address: '10.0.0.1', family: 4 }] });
    registry.on('GET', '/v2/team/app/manifests/v1', challenge(undefined, 'http://auth.example/token'));

    const error = await failure(
      own.client(registry.url, { scheme, material, allowedHosts: ['auth.example'] }).get('/v2/team/app/manifests/v1'),
    );

    expect(error.message).toContain('auth.example resolves to 10.0.0.1');
    await own.egress.close();
  });
});

describe('a registry with Basic', () => {
  const basic = respond.json(401, {}, { 'www-authenticate': 'Basic realm="Registry"' });

  it('is answered with Basic, and from then on at once', async () => {
    registry.on('GET', '/v2/', basic, respond.json(200, {}), respond.json(200, {}));

    await pull('/v2/');
    await pull('/v2/');

    expect(registry.requests.map(({ headers }) => headers['authorization']?.slice(0, 5))).toEqual([
      undefined,
      'Basic',
      'Basic',
    ]);
  });

  it('that refuses it is not asked twice', async () => {
    registry.always('GET', '/v2/', basic);

    expect((await failure(pull('/v2/'))).code).toBe('provider_unauthenticated');
    expect((await failure(pull('/v2/'))).code).toBe('provider_unauthenticated');
    expect(registry.requests).toHaveLength(3);
  });

  it('tells that a credential is missing', async () => {
    registry.on('GET', '/v2/', basic);

    const error = await failure(test.client(registry.url, { scheme }).get('/v2/'));

    expect(error.message).toContain('wants a user name and a password, and this integration has no credential');
  });

  it.each(['', 'Negotiate', 'Bearer', 'Bearer service="x"', '"'])(
    'that challenges with %j is an error, not a crash',
    async (field) => {
      registry.on('GET', '/v2/', respond.json(401, {}, { 'www-authenticate': field }));

      expect((await failure(pull('/v2/'))).code).toBe('provider_unauthenticated');
    },
  );
});
