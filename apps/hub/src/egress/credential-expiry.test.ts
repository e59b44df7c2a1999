/** BEY-5: what "expired" looks like is data, and egress gets another credential and repeats, once, where that is safe. */
import type { AuthMethod, AuthScheme, ExpirySign } from '@inthub/connector-sdk';
import type { CredentialMaterial } from '@inthub/contracts';
import { type FaultServer, respond, startFaultServer } from '@inthub/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { OpenCredential } from './egress.ts';
import { createTestEgress, failure, type TestEgress } from './testing.ts';

let server: FaultServer;
let test: TestEgress;

beforeEach(async () => {
  server = await startFaultServer();
  test = createTestEgress();
});
afterEach(async () => {
  await test.egress.close();
  await server.stop();
});

const bearer: AuthScheme = { scheme: 'bearer', token: '{token}' };
const tokenOf = (token: string): OpenCredential => ({
  material: { kind: 'bearer_token', token } as CredentialMaterial,
  fingerprint: token,
});
const sent = () => server.requests.map(({ headers }) => headers['authorization']);

/** A client whose credential is `old`, and whose vault then has `next`. */
function client(next: string | null, expired?: readonly ExpirySign[], scheme: AuthScheme = bearer) {
  const refused: string[] = [];
  const auth: Partial<AuthMethod> = { kind: 'bearer_token', ...(expired === undefined ? {} : { expired }) };
  const http = test.client(server.url, {
    scheme,
    auth,
    credential: {
      open: async () => tokenOf('old'),
      ...(next === null
        ? {}
        : {
            renew: async (fingerprint: string) => {
              refused.push(fingerprint);
              return tokenOf(next);
            },
          }),
    },
  });
  return { http, refused };
}

describe('a credential that has expired', () => {
  it('is replaced after a 401, and the request repeated with the new one, whatever its method', async () => {
    const { http, refused } = client('new');
    server.on('POST', '/x', respond.json(401, {}), respond.json(201, { id: 1 }));

    const response = await http.post('/x', { json: { a: 1 } });

    expect(response.status).toBe(201);
    expect(sent()).toEqual(['Bearer old', 'Bearer new']);
    expect(server.requests.map((request) => request.json())).toEqual([{ a: 1 }, { a: 1 }]);
    expect(refused).toEqual(['old']);
  });

  it('is repeated once and no more', async () => {
    const { http, refused } = client('new');
    server.always('GET', '/x', respond.json(401, { message: 'expired' }));

    const error = await failure(http.get('/x'));

    expect(error).toMatchObject({ code: 'provider_unauthenticated', blame: 'configuration' });
    expect(sent()).toEqual(['Bearer old', 'Bearer new']);
    expect(refused).toEqual(['old']);
  });

  it.each([
    ['there is no other', 'old'],
    ['nobody can get another', null],
  ])('is not repeated where %s', async (_, next) => {
    server.always('GET', '/x', respond.json(401, {}));

    expect(await failure(client(next).http.get('/x'))).toMatchObject({ code: 'provider_unauthenticated' });
    expect(sent()).toEqual(['Bearer old']);
  });

  it('shows in an error of the vault when that cannot be read', async () => {
    server.always('GET', '/x', respond.json(401, {}));
    const http = test.client(server.url, {
      scheme: bearer,
      auth: { kind: 'bearer_token' },
      credential: {
        open: async () => tokenOf('old'),
        renew: async () => Promise.reject(Object.assign(new Error('gone'), { code: 'credential_unavailable' })),
      },
    });

    await expect(http.get('/x')).rejects.toMatchObject({ message: expect.any(String) });
    expect(sent()).toEqual(['Bearer old']);
  });
});

describe('signs of a product', () => {
  const inBody: ExpirySign = { status: 400, body: { at: '/error/code', oneOf: ['TokenExpired', 190] } };
  const inHeader: ExpirySign = { status: 403, header: { name: 'WWW-Authenticate', includes: 'invalid_token' } };
  const inSuccess: ExpirySign = { status: 200, body: { at: '/error', oneOf: ['token_expired'] } };

  it.each([
    ['status and body', [inBody], respond.json(400, { error: { code: 'TokenExpired' } })],
    ['a number in the body', [inBody], respond.json(400, { error: { code: 190 } })],
    [
      'a header, whatever its case',
      [inBody, inHeader],
      respond.json(403, {}, { 'www-authenticate': 'Bearer error="INVALID_TOKEN"' }),
    ],
    ['a success that is none', [inSuccess], respond.json(200, { ok: false, error: 'token_expired' })],
  ] as const)('are %s', async (_, signs, answer) => {
    const { http } = client('new', signs);
    server.on('GET', '/x', answer, respond.json(200, { ok: true }));

    const response = await http.get('/x');

    expect(await response.json()).toEqual({ ok: true });
    expect(sent()).toEqual(['Bearer old', 'Bearer new']);
  });

  it.each([
    ['another status', respond.json(422, { error: { code: 'TokenExpired' } }), 'provider_rejected'],
    ['another value', respond.json(400, { error: { code: 'Missing' } }), 'provider_rejected'],
    ['no JSON', respond.text(400, 'TokenExpired'), 'provider_rejected'],
    ['a 401, where the product says it otherwise', respond.json(401, {}), 'provider_unauthenticated'],
  ])('are not %s', async (_, answer, code) => {
    const { http, refused } = client('new', [inBody]);
    server.always('GET', '/x', answer);

    expect(await failure(http.get('/x'))).toMatchObject({ code });
    expect(refused).toEqual([]);
  });

  it('that stay end in provider_unauthenticated, also behind a status that means something else', async () => {
    const { http } = client('new', [inBody, inSuccess]);
    server.always('GET', '/a', respond.json(400, { error: { code: 190 } }));
    server.always('GET', '/b', respond.json(200, { error: 'token_expired' }));

    for (const path of ['/a', '/b']) {
      expect(await failure(http.get(path))).toMatchObject({ code: 'provider_unauthenticated', retryable: false });
    }
  });

  it('in an answer that may have followed an effect renew the credential and repeat nothing', async () => {
    const { http, refused } = client('new', [inSuccess]);
    server.always('POST', '/x', respond.json(200, { error: 'token_expired' }));

    const error = await failure(http.post('/x', { json: {} }));

    expect(error).toMatchObject({ code: 'provider_unauthenticated', retryable: true });
    expect([sent(), refused]).toEqual([['Bearer old'], ['old']]);

    server.on('POST', '/safe', respond.json(200, { error: 'token_expired' }), respond.json(200, {}));
    await client('new', [inSuccess]).http.post('/safe', { json: {}, idempotent: true });
    expect(sent().slice(1)).toEqual(['Bearer old', 'Bearer new']);
  });
});

describe('a login', () => {
  const exchange: AuthScheme = {
    scheme: 'token-exchange',
    url: '/login',
    json: { secret: '{token}' },
    tokenAt: '/token',
    defaultLifetimeSeconds: 3_600,
  };
  const logins = () => server.requests.filter(({ url }) => url === '/login').map((request) => request.json());

  it('is made again for a kept token that was refused, by the sign of the product', async () => {
    const { http } = client('old', [{ status: 419 }], exchange);
    server.on('POST', '/login', respond.json(200, { token: 't1' }), respond.json(200, { token: 't2' }));
    server.on('GET', '/x', respond.json(200, {}), respond.json(419, {}), respond.json(200, {}));

    await http.get('/x');
    await http.get('/x');

    expect(sent().filter((value) => value !== undefined)).toEqual(['Bearer t1', 'Bearer t1', 'Bearer t2']);
  });

  it('that refuses the credential is made with a new one', async () => {
    const { http } = client('new', undefined, exchange);
    server.on('POST', '/login', respond.json(401, {}), respond.json(200, { token: 't1' }));
    server.always('GET', '/x', respond.json(200, {}));

    await http.get('/x');

    expect(logins()).toEqual([{ secret: 'old' }, { secret: 'new' }]);
  });

  it('with a token that is refused at once is followed by a new credential, then by the truth', async () => {
    const { http } = client('new', undefined, exchange);
    server.always('POST', '/login', respond.json(200, { token: 't' }));
    server.always('GET', '/x', respond.json(401, {}));

    expect(await failure(http.get('/x'))).toMatchObject({ code: 'provider_unauthenticated' });
    expect(logins()).toEqual([{ secret: 'old' }, { secret: 'new' }]);
  });
});
