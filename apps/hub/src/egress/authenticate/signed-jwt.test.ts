import { generateKeyPairSync } from 'node:crypto';
import type { CredentialMaterial } from '@inthub/contracts';
import { type FaultServer, respond, startFaultServer } from '@inthub/testing';
import { importSPKI, jwtVerify } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTestEgress, failure, type TestEgress } from '../testing.ts';

const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
// GitHub hands keys out as PKCS#1.
const pkcs1 = privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();
const appOf = (pem: string): CredentialMaterial => ({
  kind: 'github_app',
  appId: '4711',
  installationId: '42',
  privateKey: pem,
});

const jwt = {
  scheme: 'signed-jwt',
  algorithm: 'RS256',
  privateKey: '{privateKey}',
  claims: { iss: '{appId}' },
  lifetimeSeconds: 540,
} as const;
const makeScheme = () =>
  ({
    ...jwt,
    exchange: {
      url: '/app/installations/{installationId}/access_tokens',
      headers: { 'x-github-api-version': '2022-11-28' },
      tokenAt: '/token',
      expiresAtAt: '/expires_at',
      defaultLifetimeSeconds: 3600,
    },
  }) as const;

let server: FaultServer;
let test: TestEgress;
let scheme: ReturnType<typeof makeScheme>;

beforeEach(async () => {
  server = await startFaultServer();
  test = createTestEgress();
  scheme = makeScheme();
});
afterEach(async () => {
  await test.egress.close();
  await server.stop();
});

const exchangePath = '/api/v3/app/installations/42/access_tokens';
const expiring = (token: string, afterSeconds = 3600) =>
  respond.json(201, { token, expires_at: new Date(test.clock.now().getTime() + afterSeconds * 1000).toISOString() });
const client = (material = appOf(pkcs1), more: object = {}) =>
  test.client(`${server.url}/api/v3`, { scheme, material, ...more });
const sent = () => String(server.requests.at(-1)?.headers['authorization']);

describe('a signed JWT', () => {
  it('is one that the provider can verify, and is never the key', async () => {
    server.always('GET', '/api/v3/app', respond.json(200, {}));

    await client(appOf(pkcs1), { auth: { perPath: { '/app': jwt } } }).get('/app');

    const token = sent().slice('Bearer '.length);
    const key = await importSPKI(publicKey.export({ type: 'spki', format: 'pem' }).toString(), 'RS256');
    const { payload } = await jwtVerify(token, key, { currentDate: test.clock.now(), algorithms: ['RS256'] });
    const nowSeconds = Math.floor(test.clock.now().getTime() / 1000);
    expect(payload).toEqual({ iss: '4711', iat: nowSeconds - 60, exp: nowSeconds + 540 });
  });

  it.each([
    ['written in one line', () => pkcs1.replaceAll('\n', '\\n')],
    ['as PKCS#8', () => privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()],
  ])('is signed by a key %s', async (_what, pem) => {
    server.always('GET', '/api/v3/app', respond.json(200, {}));

    await client(appOf(pem()), { auth: { perPath: { '/app': jwt } } }).get('/app');

    expect(sent()).toMatch(/^Bearer ey/);
  });

  it.each([
    ['no key', () => 'canary-not-a-key-'.repeat(6)],
    ['half a key', () => pkcs1.slice(0, 400)],
    [
      'an EC key',
      () =>
        generateKeyPairSync('ec', { namedCurve: 'P-256' })
          .privateKey.export({ type: 'pkcs8', format: 'pem' })
          .toString(),
    ],
    [
      'a short key',
      () =>
        generateKeyPairSync('rsa', { modulusLength: 1024 })
          .privateKey.export({ type: 'pkcs1', format: 'pem' })
          .toString(),
    ],
  ])('is refused with %s, and nothing is sent', async (_what, pem) => {
    const error = await failure(client(appOf(pem())).get('/x'));

    expect(error).toMatchObject({ code: 'credential_unavailable' });
    expect(error.message).toContain('PEM');
    expect(JSON.stringify([error.message, error.details, error.cause])).not.toContain(pem().slice(40, 80));
    expect(server.requests).toHaveLength(0);
  });
});

describe('a token for a signed JWT', () => {
  it('is asked for once by many calls, kept, and renewed five minutes before it ends', async () => {
    server.on('POST', exchangePath, expiring('ghs_1'), respond.json(201, { token: 'ghs_2' }));
    server.always('GET', '/api/v3/x', respond.json(200, {}));
    const call = () => client().get('/x');

    await Promise.all([call(), call(), call()]);
    expect(server.requests.filter(({ method }) => method === 'POST')).toHaveLength(1);
    expect(server.requests[0]?.headers).toMatchObject({ 'x-github-api-version': '2022-11-28' });
    expect(server.requests[0]?.headers['authorization']).toMatch(/^Bearer ey/);
    expect(sent()).toBe('Bearer ghs_1');

    await test.clock.advance(3_299_999);
    await call();
    expect(sent()).toBe('Bearer ghs_1');
    await test.clock.advance(1);
    await call();
    expect(sent()).toBe('Bearer ghs_2');
  });

  it('that ends within the minute is used for most of it', async () => {
    server.on('POST', exchangePath, expiring('ghs_1', 60), expiring('ghs_2', 60));
    server.always('GET', '/api/v3/x', respond.json(200, {}));

    await client().get('/x');
    await test.clock.advance(53_000);
    await client().get('/x');
    expect(sent()).toBe('Bearer ghs_1');
    await test.clock.advance(1_000);
    await client().get('/x');
    expect(sent()).toBe('Bearer ghs_2');
  });

  it('is asked for anew, once, when it is refused', async () => {
    server.on('POST', exchangePath, expiring('ghs_1'), expiring('ghs_2'), expiring('ghs_3'));
    server.on('GET', '/api/v3/x', respond.json(200, {}), respond.json(401, {}), respond.json(200, {}));
    await client().get('/x');

    await client().get('/x');

    expect(sent()).toBe('Bearer ghs_2');
    server.always('GET', '/api/v3/y', respond.json(401, {}));
    expect(await failure(client().get('/y'))).toMatchObject({ code: 'provider_unauthenticated' });
    expect(server.requests.filter(({ method }) => method === 'POST')).toHaveLength(3);
  });

  it.each([
    [respond.json(401, { message: 'A JSON web token could not be decoded' }), 'provider_unauthenticated'],
    [respond.json(404, { message: 'Integration not found' }), 'provider_not_found'],
    [respond.json(201, { token: '' }), 'provider_bad_response'],
    [respond.json(201, { token: 'two\nlines' }), 'provider_bad_response'],
    [respond.json(201, {}), 'provider_bad_response'],
  ])('that does not come (case %#) fails the call and shows no secret', async (reply, code) => {
    server.always('POST', exchangePath, reply);

    const error = await failure(client().get('/x'));

    expect(error.code).toBe(code);
    const token = server.requests[0]?.headers['authorization']?.slice('Bearer '.length) ?? 'none';
    const seen = JSON.stringify([error.message, error.details, error.cause, test.attempts]);
    expect(seen).not.toContain(token);
    expect(seen).not.toContain('PRIVATE KEY');
  });

  it('belongs to one credential: another key or installation gets its own', async () => {
    server.on('POST', exchangePath, expiring('ghs_1'));
    server.on('POST', '/api/v3/app/installations/4%2F3/access_tokens', expiring('ghs_other'));
    server.always('GET', '/api/v3/x', respond.json(200, {}));

    await client().get('/x');
    await client({ ...appOf(pkcs1), installationId: '4/3' } as CredentialMaterial).get('/x');

    expect(sent()).toBe('Bearer ghs_other');
    expect(
      await failure(client({ ...appOf(pkcs1), installationId: '..' } as CredentialMaterial).get('/x')),
    ).toMatchObject({
      code: 'credential_unavailable',
    });
  });
});
