import { type FaultServer, respond, startFaultServer } from '@inthub/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTestEgress, failure, type TestEgress } from './testing.ts';

let server: FaultServer;
let other: FaultServer;
let test: TestEgress;

beforeEach(async () => {
  server = await startFaultServer();
  other = await startFaultServer();
  test = createTestEgress();
});

afterEach(async () => {
  await test.egress.close();
  await Promise.all([server.stop(), other.stop()]);
});

const material = { kind: 'bearer_token', token: 'secret-token-1' } as const;
const scheme = { scheme: 'bearer', token: '{token}' } as const;
const hostOf = ({ url }: FaultServer) => new URL(url).host;

describe('a redirect', () => {
  it('inside the origin keeps credential and headers', async () => {
    server.on('GET', '/a', respond.redirect('b?x=1'));
    server.on('GET', '/b', respond.json(200, {}));

    const response = await test
      .client(server.url, { scheme, material, config: { customHeaders: { 'x-team': 'alpha' } } })
      .get('/a', { headers: { 'x-own': 'yes' } });

    expect(response.url).toBe(`${server.url}/b?x=1`);
    expect(server.requests[1]?.headers).toMatchObject({
      authorization: 'Bearer secret-token-1',
      'x-team': 'alpha',
      'x-own': 'yes',
    });
    expect(test.attempts.map(({ path, attempt }) => [path, attempt])).toEqual([
      ['/a', 1],
      ['/b', 1],
    ]);
  });

  it('to another declared host drops credential, custom headers and those of the connector', async () => {
    server.on('GET', '/blob', respond.redirect(`${other.url}/signed?signature=abc`, 307));
    other.on('GET', '/signed', respond.bytes(200, Buffer.from('bytes')));
    const http = test.client(server.url, {
      scheme,
      material,
      allowedHosts: [hostOf(other)],
      config: { customHeaders: { 'x-team': 'alpha' } },
    });

    const response = await http.get('/blob', { headers: { 'x-own': 'yes', range: 'bytes=0-4', cookie: 'a=b' } });

    expect(await response.text()).toBe('bytes');
    // The signature is a credential of its own.
    expect(response.url).toBe(`${other.url}/signed`);
    const { headers } = other.requests[0] ?? { headers: {} };
    expect(headers).toMatchObject({ range: 'bytes=0-4', 'user-agent': 'inthub/1.2.3' });
    for (const name of ['authorization', 'x-team', 'x-own', 'cookie']) expect(headers).not.toHaveProperty(name);
  });

  it('and back again does not bring the credential back', async () => {
    server.on('GET', '/a', respond.redirect(`${other.url}/b`));
    other.on('GET', '/b', respond.redirect(`${server.url}/c`));
    server.on('GET', '/c', respond.json(200, {}));

    await test.client(server.url, { scheme, material, allowedHosts: [hostOf(other)] }).get('/a');

    expect(server.requests.at(-1)?.headers).not.toHaveProperty('authorization');
  });

  it('sends the credential that a host has of its own', async () => {
    server.on('GET', '/a', respond.redirect(`http://localhost:${other.port}/b`));
    other.on('GET', '/b', respond.json(200, {}));
    const own = createTestEgress({
      policy: { allow: ['127.0.0.1', 'localhost'] },
      resolve: async () => [{ address: '127.0.0.1', family: 4 }],
    });

    await own
      .client(server.url, {
        scheme,
        material,
        allowedHosts: [`localhost:${other.port}`],
        auth: { perHost: { localhost: { scheme: 'header', name: 'X-Key', value: '{token}' } } },
      })
      .get('/a');

    expect(other.requests[0]?.headers['x-key']).toBe('secret-token-1');
    expect(other.requests[0]?.headers).not.toHaveProperty('authorization');
    await own.egress.close();
  });

  it('to an undeclared host is refused before anything is sent there', async () => {
    server.on('GET', '/a', respond.redirect(`${other.url}/b`));

    const error = await failure(test.client(server.url).get('/a'));

    expect(error).toMatchObject({ code: 'egress_denied', details: { host: hostOf(other) } });
    expect(other.connections).toBe(0);
  });

  it.each([301, 302, 307, 308])('%i of a POST is not followed', async (status) => {
    server.on('POST', '/a', respond.redirect('/b', status));

    const error = await failure(test.client(server.url).post('/a', { json: {} }));

    expect(error.code).toBe('provider_bad_response');
    expect(error.message).toContain('Set config.endpoint to the final address');
    expect(server.requests).toHaveLength(1);
  });

  it('303 of a POST becomes a GET without body', async () => {
    server.on('POST', '/a', respond.redirect('/b', 303));
    server.on('GET', '/b', respond.json(200, {}));

    await test.client(server.url).post('/a', { json: { a: 1 } });

    expect(server.requests[1]).toMatchObject({ method: 'GET', body: Buffer.alloc(0) });
    expect(server.requests[1]?.headers).not.toHaveProperty('content-type');
  });

  it('is followed five times, not six', async () => {
    server.on('GET', '/x', ...[1, 2, 3, 4, 5].map((hop) => respond.redirect(`/x?hop=${hop}`)), respond.json(200, {}));
    expect((await test.client(server.url).get('/x')).status).toBe(200);

    server.always('GET', '/y', respond.endlessRedirect());
    const error = await failure(test.client(server.url).get('/y'));
    expect(error.message).toContain('redirected more than 5 times');
    expect(server.requests).toHaveLength(12);
  });

  it('is handed over when the connector expects it', async () => {
    server.on('GET', '/a', respond.redirect('https://elsewhere.example/'));

    const response = await test.client(server.url).get('/a', { expect: [302] });

    expect(response.headers.get('location')).toBe('https://elsewhere.example/');
  });

  it('that ends in a 401 elsewhere says why the credential was not there', async () => {
    server.on('GET', '/a', respond.redirect(`${other.url}/b`));
    other.on('GET', '/b', respond.json(401, {}));

    const error = await failure(test.client(server.url, { scheme, material, allowedHosts: [hostOf(other)] }).get('/a'));

    expect(error.code).toBe('provider_unauthenticated');
    expect(error.message).toContain(`A redirect led to ${other.url}, where the credential was not sent`);
  });
});

describe('the credential on other hosts', () => {
  it('goes to a host declared by exact name, not to one declared by suffix', async () => {
    const own = createTestEgress({
      policy: { allow: ['127.0.0.1', '*.cdn.example'] },
      resolve: async () => [{ address: '127.0.0.1', family: 4 }],
    });
    other.always('GET', /./, respond.json(200, {}));
    const http = own.client(server.url, {
      scheme,
      material,
      allowedHosts: [`127.0.0.1:${other.port}`, `*.cdn.example:${other.port}`],
    });

    await http.get(`${other.url}/exact`);
    await http.get(`http://bucket.cdn.example:${other.port}/suffix`);
    await http.get(`${other.url}/none`, { auth: 'none' });

    expect(other.requests.map(({ path, headers }) => [path, headers.authorization])).toEqual([
      ['/exact', 'Bearer secret-token-1'],
      ['/suffix', undefined],
      ['/none', undefined],
    ]);
    await own.egress.close();
  });
});
