import { type FaultServer, respond, startFaultServer } from '@inthub/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTestEgress, failure, passRetries, type TestEgress } from '../testing.ts';

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

const sent = () => server.requests.at(-1)?.headers['authorization'];
const basicMaterial = { kind: 'basic_auth', username: 'ann', password: 'pass:wörd' } as const;
const tokenMaterial = { kind: 'bearer_token', token: 'secret-token-1' } as const;

describe('credentials from a template', () => {
  beforeEach(() => server.always('GET', '/x', respond.json(200, {})));

  it.each([
    [{ scheme: 'none' } as const, tokenMaterial, undefined],
    [{ scheme: 'bearer', token: '{token}' } as const, tokenMaterial, 'Bearer secret-token-1'],
    [
      { scheme: 'basic', username: '{username}', password: '{password}' } as const,
      basicMaterial,
      `Basic ${Buffer.from('ann:pass:wörd').toString('base64')}`,
    ],
    [
      { scheme: 'basic', username: 'x-token', password: '{token}' } as const,
      tokenMaterial,
      `Basic ${Buffer.from('x-token:secret-token-1').toString('base64')}`,
    ],
    [
      { scheme: 'header', name: 'Authorization', value: 'token {token}; v=1' } as const,
      tokenMaterial,
      'token secret-token-1; v=1',
    ],
  ])('%j', async (scheme, material, expected) => {
    await test.client(server.url, { scheme, material }).get('/x');

    expect(sent()).toBe(expected);
  });

  it('name the field that is missing, never a value', async () => {
    const error = await failure(
      test
        .client(server.url, { scheme: { scheme: 'bearer', token: '{accessToken}' }, material: tokenMaterial })
        .get('/x'),
    );

    expect(error).toMatchObject({
      code: 'credential_unavailable',
      details: { field: 'accessToken', kind: 'bearer_token' },
    });
    expect(error.message).not.toContain('secret-token-1');
    expect(server.requests).toHaveLength(0);
  });

  it.each(['constructor', 'toString', 'password'])('do not find the field %s in a credential', async (field) => {
    const scheme = { scheme: 'bearer', token: `{${field}}` } as const;

    expect((await failure(test.client(server.url, { scheme, material: tokenMaterial }).get('/x'))).code).toBe(
      'credential_unavailable',
    );
  });

  it('say so when there is none, when it cannot be opened, and when it holds a line break', async () => {
    const scheme = { scheme: 'bearer', token: '{token}' } as const;

    expect((await failure(test.client(server.url, { scheme }).get('/x'))).message).toContain(
      'needs a credential and has none',
    );
    const broken = {
      open: async () => {
        throw new Error('vault is sealed: hunter2');
      },
    };
    expect((await failure(test.client(server.url, { scheme, credential: broken }).get('/x'))).message).not.toContain(
      'hunter2',
    );
    const pasted = { kind: 'bearer_token', token: 'secret-token-1\n' } as const;
    expect((await failure(test.client(server.url, { scheme, material: pasted }).get('/x'))).message).toContain(
      'line break',
    );
    const colon = { kind: 'basic_auth', username: 'a:b', password: 'x' } as const;
    expect(
      (
        await failure(
          test
            .client(server.url, {
              scheme: { scheme: 'basic', username: '{username}', password: '{password}' },
              material: colon,
            })
            .get('/x'),
        )
      ).message,
    ).toContain('colon');
    expect(server.requests).toHaveLength(0);
  });

  it('are opened once for a request, and again for the next', async () => {
    let opened = 0;
    server.on('GET', '/y', respond.json(503, {}), respond.json(200, {}));
    const http = test.client(server.url, {
      scheme: { scheme: 'bearer', token: '{token}' },
      credential: {
        open: async () => {
          opened += 1;
          return { material: tokenMaterial, fingerprint: 'f' };
        },
      },
    });

    await passRetries(http.get('/y'), test.clock);
    expect(opened).toBe(1);
    await http.get('/x');
    expect(opened).toBe(2);
  });

  it('that never open do not hold the call beyond its deadline', async () => {
    const sending = failure(
      test
        .client(server.url, {
          scheme: { scheme: 'bearer', token: '{token}' },
          credential: { open: () => new Promise(() => {}) },
          deadlineMs: 1_000,
        })
        .get('/x'),
    );

    await test.clock.advance(1_000);

    expect((await sending).code).toBe('deadline_exceeded');
  });

  it('follow the path where a product has two ways on one host', async () => {
    server.always('GET', '/api/x', respond.json(200, {}));
    const http = test.client(server.url, {
      scheme: { scheme: 'basic', username: '{username}', password: '{password}' },
      auth: { perPath: { '/api/': { scheme: 'bearer', token: '{password}' } } },
      material: basicMaterial,
    });

    await http.get('/api/x');
    expect(sent()).toMatch(/^Bearer /);
    await http.get('/x');
    expect(sent()).toMatch(/^Basic /);
  });

  it('show in no error, even where the provider repeats them', async () => {
    server.on('GET', '/x', ({ request, response }) => {
      response.writeHead(400, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ message: `bad token secret-token-1 in ${request.headers['authorization']}` }));
    });

    const error = await failure(
      test.client(server.url, { scheme: { scheme: 'bearer', token: '{token}' }, material: tokenMaterial }).get('/x'),
    );

    expect(error.message).toContain('[redacted]');
    expect(JSON.stringify([error.message, error.details, error.cause, test.attempts])).not.toContain('secret-token-1');
  });
});

describe('token exchange', () => {
  const scheme = () =>
    ({
      scheme: 'token-exchange',
      url: `${server.url}/login`,
      json: { identifier: '{username}', secret: '{password}' },
      tokenAt: '/data/access_token',
      expiresInAt: '/data/expires_in',
      defaultLifetimeSeconds: 600,
    }) as const;
  const grant = (token: string, expires?: number) =>
    respond.json(200, { data: { access_token: token, ...(expires && { expires_in: expires }) } });

  it('logs in once for many calls, and anew when the token ends', async () => {
    server.on('POST', '/login', grant('t1', 100), grant('t2', 100));
    server.always('GET', '/x', respond.json(200, {}));
    const one = scheme();
    const call = () => test.client(server.url, { scheme: one, material: basicMaterial }).get('/x');

    await Promise.all([call(), call(), call()]);
    expect(server.requests.filter(({ path }) => path === '/login')).toHaveLength(1);
    expect(server.requests[0]?.json()).toEqual({ identifier: 'ann', secret: 'pass:wörd' });
    expect(sent()).toBe('Bearer t1');

    await test.clock.advance(89_999);
    await call();
    expect(sent()).toBe('Bearer t1');
    await test.clock.advance(1);
    await call();
    expect(sent()).toBe('Bearer t2');
    expect(
      test.attempts.filter(({ purpose }) => purpose === 'token').map(({ path, method }) => [method, path]),
    ).toEqual([
      ['POST', '/login'],
      ['POST', '/login'],
    ]);
  });

  it('logs in anew, once, when a kept token is refused', async () => {
    server.on('POST', '/login', grant('t1'), grant('t2'));
    server.on('GET', '/x', respond.json(200, {}), respond.json(401, {}), respond.json(200, {}));
    const one = scheme();
    const call = () => test.client(server.url, { scheme: one, material: basicMaterial }).get('/x');

    await call();
    await call();

    expect(sent()).toBe('Bearer t2');
    server.verify();
  });

  it('logs in by a form below the endpoint, filled from the config, and sends the token in a header of its own', async () => {
    server.on('POST', '/base/v1/auth/team%20a/login', grant('t1'));
    server.always('GET', '/base/x', respond.json(200, {}));
    const { json: _json, ...rest } = scheme();
    const one = {
      ...rest,
      url: '/v1/auth/{config.mount}/login',
      form: { user: '{username}', role: '{config.role}', region: '{config.region|eu}', none: '{config.unset}' },
      headers: { 'x-namespace': '{config.namespace}', 'x-none': '{config.unset}' },
      sendAs: { name: 'X-Own-Token', value: '{token}' },
    } as const;
    const config = { mount: 'team a', role: '{password}', namespace: 'ns/1' };
    const call = () => test.client(`${server.url}/base`, { scheme: one, material: basicMaterial, config }).get('/x');

    await call();
    await call();

    const [login, first] = server.requests;
    expect(login?.body.toString()).toBe('user=ann&role=%7Bpassword%7D&region=eu');
    expect(login?.headers).toMatchObject({
      'x-namespace': 'ns/1',
      'content-type': 'application/x-www-form-urlencoded',
    });
    expect(login?.headers).not.toHaveProperty('x-none');
    expect(first?.headers).toMatchObject({ 'x-own-token': 't1' });
    expect(first?.headers).not.toHaveProperty('authorization');
    expect(server.requests).toHaveLength(3);
  });

  it.each(['../x', 'a/../b', '.'])('refuses a config that leads the login astray: %s', async (mount) => {
    const one = { ...scheme(), url: '/v1/auth/{config.mount}/login' };
    const calling = test.client(server.url, { scheme: one, material: basicMaterial, config: { mount } }).get('/x');

    expect((await failure(calling)).code).toBe('egress_denied');
    expect(server.requests).toHaveLength(0);
  });

  it('does not log in again and again for a token that is refused when new', async () => {
    server.on('POST', '/login', grant('t1'));
    server.on('GET', '/x', respond.json(401, { message: 'no' }));

    const error = await failure(test.client(server.url, { scheme: scheme(), material: basicMaterial }).get('/x'));

    expect(error.code).toBe('provider_unauthenticated');
    server.verify();
  });

  it.each([
    ['a refused login', respond.json(401, { detail: 'Incorrect credentials pass:wörd' }), 'provider_unauthenticated'],
    ['a reply without token', respond.json(200, { data: {} }), 'provider_bad_response'],
    ['a list', respond.json(200, []), 'provider_bad_response'],
    ['a redirect', respond.redirect('/elsewhere', 307), 'provider_bad_response'],
    ['a token with a line break', respond.json(200, { data: { access_token: 'a\r\nb' } }), 'provider_bad_response'],
  ])('tells %s', async (_name, reply, code) => {
    server.on('POST', '/login', reply);

    const error = await failure(test.client(server.url, { scheme: scheme(), material: basicMaterial }).get('/x'));

    expect(error.code).toBe(code);
    expect(JSON.stringify([error.message, error.cause])).not.toContain('pass:wörd');
    expect(server.requests).toHaveLength(1);
  });

  it('does not end for those who wait when the one who began goes away', async () => {
    let answer: () => void = () => {};
    server.on('POST', '/login', async (exchange) => {
      await new Promise<void>((resolve) => {
        answer = resolve;
      });
      await grant('t1')(exchange);
    });
    server.on('GET', '/x', respond.json(200, {}));
    const one = scheme();
    const first = new AbortController();
    const began = failure(
      test.client(server.url, { scheme: one, material: basicMaterial, signal: first.signal }).get('/x'),
    );
    const waits = test.client(server.url, { scheme: one, material: basicMaterial }).get('/x');
    while (server.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));

    first.abort();
    expect((await began).code).toBe('cancelled');
    answer();

    expect((await waits).status).toBe(200);
  });
});
