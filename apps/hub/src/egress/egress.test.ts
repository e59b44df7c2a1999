import { type FaultServer, respond, startFaultServer } from '@inthub/testing';
import Type from 'typebox';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
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

const lastHeaders = () => server.requests.at(-1)?.headers ?? {};

describe('what is sent', () => {
  it('goes below the path of the endpoint, with query, agent and trace context', async () => {
    server.always('GET', /./, respond.json(200, {}));
    const http = test.client(`${server.url}/api/v4/`, {
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    });

    const response = await http.get('/projects/a%2Fb/x.y?already=1', {
      query: { n: 2, tag: ['a b', 'c&d'], none: undefined, nil: null, flag: false },
    });

    expect(server.requests[0]?.url).toBe('/api/v4/projects/a%2Fb/x.y?already=1&n=2&tag=a%20b&tag=c%26d&flag=false');
    expect(response.url).toBe(`${server.url}${server.requests[0]?.url}`);
    expect(lastHeaders()).toMatchObject({
      host: new URL(server.url).host,
      'user-agent': 'inthub/1.2.3',
      accept: 'application/json',
      'accept-encoding': 'gzip, br, deflate',
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    });
  });

  it.each([
    ['/../admin', 'leaves the path'],
    ['/%2e%2e/admin', 'leaves the path'],
    ['/x/../../../admin', 'leaves the path'],
    ['\\..\\admin', 'must start with /'],
    ['relative', 'must start with /'],
    ['', 'must start with /'],
  ])('refuses the path %j', async (path, why) => {
    const error = await failure(test.client(`${server.url}/api/v4`).get(path));

    expect(error).toMatchObject({ code: 'connector_failed' });
    expect(error.message).toContain(why);
    expect(server.requests).toHaveLength(0);
  });

  it.each(['//evil.example/x', '/\\evil.example/x', '/@evil.example/x', '/x//y', '/a/./b', '/a/../b', '/ü%20 x'])(
    'keeps %j on the host of the endpoint',
    async (path) => {
      server.always('GET', /./, respond.json(200, {}));

      await test.client(server.url).get(path);

      expect(server.requests).toHaveLength(1);
    },
  );

  it('refuses an absolute URL to a host that nobody declared, before anything is sent', async () => {
    for (const url of ['https://evil.example/x', `http://127.0.0.1:1/x`, 'http://user:pw@127.0.0.1/x']) {
      expect((await failure(test.client(server.url).get(url))).code).toBe('egress_denied');
    }
    expect(test.egress.attempts).toBe(0);
  });

  it('writes json, form and raw bodies', async () => {
    server.always('POST', '/x', respond.json(200, {}));
    const http = test.client(server.url);

    await http.post('/x', { json: { a: 'ü' } });
    await http.post('/x', { form: { a: 'b c', d: '&' } });
    await http.post('/x', {
      body: new Uint8Array([1, 2, 3]).subarray(1),
      headers: { 'Content-Type': 'application/octet-stream' },
    });
    await http.post('/x');

    expect(
      server.requests.map(({ headers, body }) => [
        headers['content-type'],
        headers['content-length'],
        body.toString('latin1'),
      ]),
    ).toEqual([
      ['application/json', '10', Buffer.from('{"a":"ü"}').toString('latin1')],
      ['application/x-www-form-urlencoded', '11', 'a=b+c&d=%26'],
      ['application/octet-stream', '2', '\x02\x03'],
      [undefined, '0', ''],
    ]);
    const circular: Record<string, unknown> = {};
    circular['self'] = circular;
    expect((await failure(http.post('/x', { json: circular }))).code).toBe('connector_failed');
    expect((await failure(http.post('/x', { json: 1, body: 'x' }))).message).toContain(
      'at most one of json, form and body',
    );
  });

  it.each([
    { timeoutMs: Number.NaN },
    { timeoutMs: 0 },
    { timeoutMs: Number.POSITIVE_INFINITY },
    { maxBytes: Number.NaN },
    { maxBytes: 1e12 },
    { method: 'CONNECT' as 'GET' },
    { path: 7 as unknown as string },
  ])('refuses %j before anything is sent', async (odd) => {
    const error = await failure(test.client(server.url).request({ method: 'GET', path: '/x', ...odd }));

    expect(error.code).toBe('connector_failed');
    expect(test.egress.attempts).toBe(0);
  });

  it('takes no header of the connection from anybody, and no line break', async () => {
    server.always('GET', '/x', respond.json(200, {}));
    const http = test.client(server.url);

    await http.get('/x', {
      headers: {
        Host: 'evil.example',
        'Content-Length': '5',
        'Transfer-Encoding': 'chunked',
        Connection: 'close',
        TE: 'x',
        'X-Own': 'yes',
      },
    });

    expect(lastHeaders()).toMatchObject({ host: new URL(server.url).host, connection: 'keep-alive', 'x-own': 'yes' });
    expect(lastHeaders()).not.toHaveProperty('transfer-encoding');
    expect(lastHeaders()).not.toHaveProperty('te');
    for (const headers of [
      { 'x-a': 'b\r\nx-c: d' },
      { 'x-a': 'b\n' },
      { 'x-a': '\u0000' },
      { 'x a': 'b' },
      { 'x-a\r\n': 'b' },
      { 'x-a': '€' },
    ]) {
      const error = await failure(http.get('/x', { headers }));
      expect(error.code).toBe('connector_failed');
    }
    expect(server.requests).toHaveLength(1);
  });

  it('adds custom headers of the config, below those of the connector and the credential', async () => {
    server.always('GET', '/x', respond.json(200, {}));
    const http = test.client(server.url, {
      config: {
        customHeaders: { 'X-Team': 'alpha', 'X-Own': 'config', 'User-Agent': 'corp', 'PRIVATE-TOKEN': 'config' },
      },
      scheme: { scheme: 'header', name: 'PRIVATE-TOKEN', value: '{token}' },
      material: { kind: 'bearer_token', token: 'secret-1' },
    });

    await http.get('/x', { headers: { 'x-own': 'connector' } });

    expect(lastHeaders()).toMatchObject({
      'x-team': 'alpha',
      'x-own': 'connector',
      'user-agent': 'corp',
      'private-token': 'secret-1',
    });
  });

  it.each(['Authorization', 'Cookie', 'Host', 'Proxy-Authorization', 'transfer-encoding'])(
    'refuses %s among the custom headers',
    async (name) => {
      const error = await failure(test.client(server.url, { config: { customHeaders: { [name]: 'x' } } }).get('/x'));

      expect(error.code).toBe('egress_denied');
      expect(error.message).toContain(`config.customHeaders may not set ${name}`);
    },
  );

  it('sends nothing in offline mode, and the counter proves it', async () => {
    const offline = createTestEgress({
      network: (tenant) => ({ offline: tenant === 'tenant-1', egressAllow: [] }),
    });
    server.always('GET', '/x', respond.json(200, {}));

    const error = await failure(offline.client(server.url).get('/x'));
    expect(error).toMatchObject({ code: 'offline', blame: 'configuration' });
    expect(offline.egress.attempts).toBe(0);
    expect(offline.attempts).toEqual([]);
    expect(server.connections).toBe(0);

    await offline.client(server.url, { tenantId: 'tenant-2' }).get('/x');
    expect(offline.egress.attempts).toBe(1);
    await offline.egress.close();
  });
});

describe('what comes back', () => {
  const http = () => test.client(server.url);

  it('is text, bytes or JSON that fits its schema', async () => {
    server.always('GET', '/x', respond.json(200, { id: 7, name: 'ü' }, { 'x-one': ['a', 'b'] }));
    const schema = Type.Object({ id: Type.Integer(), name: Type.String() });

    const response = await http().get('/x');

    const value = await response.json(schema);
    expect(value.id).toBe(7);
    expect(await response.text()).toBe('{"id":7,"name":"ü"}');
    expect((await response.bytes()).length).toBe(20);
    expect(response.headers.get('X-ONE')).toBe('a, b');
    expect(response.headers.get('x-none')).toBeUndefined();
    expect(response.headers.get('constructor')).toBeUndefined();
    expect(Object.fromEntries(response.headers.entries())['content-type']).toBe('application/json');
  });

  it('names the place that does not fit and repeats nothing of it', async () => {
    server.on('GET', '/x', respond.json(200, { items: [{ id: 1 }, { id: 'hunter2' }] }));
    const schema = Type.Object({ items: Type.Array(Type.Object({ id: Type.Integer() })) });

    const error = await failure((await http().get('/x')).json(schema));

    expect(error).toMatchObject({ code: 'provider_bad_response', details: { pointer: '/items/1/id', rule: 'type' } });
    expect(error.message).not.toContain('hunter2');
  });

  it.each([
    ['garbage', respond.garbageJson(), 'a body where JSON was expected'],
    ['nothing', respond.text(200, ''), 'an empty body'],
    ['a login page', respond.text(200, '<!doctype html><html>', { 'content-type': 'text/html' }), 'a web page'],
    ['no UTF-8', respond.bytes(200, Buffer.from([0x22, 0xc3, 0x28, 0x22])), 'not UTF-8'],
    ['a tower of brackets', respond.text(200, '['.repeat(200_000)), 'nested deeper'],
    ['a tower that is valid', respond.text(200, `${'{"a":'.repeat(600)}1${'}'.repeat(600)}`), 'nested deeper'],
  ])('is provider_bad_response for %s', async (_name, answer, text) => {
    server.on('GET', '/x', answer);

    const error = await failure((await http().get('/x')).json());

    expect(error).toMatchObject({ code: 'provider_bad_response', blame: 'provider' });
    expect(error.message).toContain(text);
  });

  it('is handed over where the connector expected the status, and an error where it did not', async () => {
    server.always(
      'GET',
      '/x',
      respond.json(404, { errors: [{ code: 'MANIFEST_UNKNOWN', message: 'manifest unknown' }] }),
    );

    expect((await http().get('/x', { expect: [404] })).status).toBe(404);
    const error = await failure(http().get('/x'));
    expect(error).toMatchObject({ code: 'provider_not_found', details: { status: 404 } });
    expect(error.message).toContain('answered 404: MANIFEST_UNKNOWN: manifest unknown.');
  });

  it.each([
    ['HEAD', 200, { 'content-length': '123' }],
    ['GET', 204, {}],
    ['GET', 304, {}],
    ['HEAD', 200, { 'content-encoding': 'gzip', 'content-length': '123' }],
  ])('%s %i has no body', async (method, status, headers) => {
    server.on(method, '/x', respond.empty(status, headers));

    const response = await http().request({ method: method as 'GET', path: '/x', expect: [304] });

    expect(await response.bytes()).toHaveLength(0);
    expect(response.status).toBe(status);
  });

  it('is reported as one attempt, without query', async () => {
    server.on(
      'POST',
      '/x',
      respond.json(200, { ok: true }, { 'ratelimit-limit': '100;w=21600', 'ratelimit-remaining': '76;w=21600' }),
    );

    await http().post('/x', { json: { a: 1 }, query: { token: 'secret' } });

    expect(test.attempts).toEqual([
      {
        method: 'POST',
        host: new URL(server.url).host,
        path: '/x',
        attempt: 1,
        purpose: 'action',
        status: 200,
        errorCode: null,
        durationMs: 0,
        requestBytes: 7,
        responseBytes: 11,
        rateLimit: { limit: 100, remaining: 76 },
      },
    ]);
  });

  it('survives a listener that throws', async () => {
    server.on('GET', '/x', respond.json(200, {}));

    const response = await test
      .client(server.url, {
        onAttempt: () => {
          throw new Error('a bug in the listener');
        },
      })
      .get('/x');

    expect(response.status).toBe(200);
    expect(test.warnings).toEqual(['the listener of an outside call failed']);
  });
});
