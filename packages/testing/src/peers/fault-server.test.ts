import { once } from 'node:events';
import { Agent, request } from 'node:https';
import { connect } from 'node:net';
import { createGunzip } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createAuthority } from './certificate-authority.ts';
import { respond } from './fault-responses.ts';
import { type FaultServer, startFaultServer } from './fault-server.ts';

let server: FaultServer;
beforeEach(async () => {
  server = await startFaultServer();
});
afterEach(() => server.stop());

const body = Buffer.from(JSON.stringify({ text: 'x'.repeat(1000) }));

describe('startFaultServer', () => {
  it('answers from the queue, then the fallback, and records what it was asked', async () => {
    server.always('POST', '/things', respond.json(200, { at: 'rest' }));
    server.on('POST', '/things', respond.json(201, { at: 1 }, { etag: '"1"' }), respond.empty(204));

    const first = await fetch(`${server.url}/things?dry=1`, {
      method: 'POST',
      body: '{"a":1}',
      headers: { 'x-id': '7' },
    });
    const statuses = [
      first.status,
      (await fetch(`${server.url}/things`, { method: 'POST' })).status,
      (await fetch(`${server.url}/things`, { method: 'POST' })).status,
    ];

    expect(statuses).toEqual([201, 204, 200]);
    expect(first.headers.get('etag')).toBe('"1"');
    expect(server.requests[0]).toMatchObject({
      method: 'POST',
      path: '/things',
      url: '/things?dry=1',
      headers: { 'x-id': '7' },
    });
    expect(server.requests[0]?.json()).toEqual({ a: 1 });
    expect(server.requests[0]?.query.get('dry')).toBe('1');
    server.verify();
  });

  it('tells unexpected requests and answers never asked for', async () => {
    server.on('GET', '/asked?page=2', respond.empty(200));

    expect((await fetch(`${server.url}/asked`)).status).toBe(599);

    expect(server.unexpected.map(({ url }) => url)).toEqual(['/asked']);
    expect(() => server.verify()).toThrow(/unexpected request: GET \/asked[\s\S]*never asked for: GET \/asked\?page=2/);
    server.reset();
    server.verify();
  });

  it('redirects without end, each time to another URL', async () => {
    server.always('GET', '/loop', respond.endlessRedirect());

    await expect(fetch(`${server.url}/loop`)).rejects.toThrow();

    expect(new Set(server.requests.map(({ url }) => url)).size).toBe(server.requests.length);
    expect(server.requests.length).toBeGreaterThan(10);
  });

  it('throttles in seconds and as a date', async () => {
    const date = new Date('2026-05-01T10:00:00Z');
    server.on('GET', '/', respond.tooManyRequests(17), respond.tooManyRequests(date));

    expect(
      [await fetch(server.url), await fetch(server.url)].map(({ status, headers }) => [
        status,
        headers.get('retry-after'),
      ]),
    ).toEqual([
      [429, '17'],
      [429, 'Fri, 01 May 2026 10:00:00 GMT'],
    ]);
  });

  it('flaps', async () => {
    server.always('GET', '/', respond.flapping(respond.empty(200)));

    const statuses: number[] = [];
    for (let call = 0; call < 4; call++) statuses.push((await fetch(server.url)).status);

    expect(statuses).toEqual([503, 200, 503, 200]);
  });

  it('resets before the answer and in the middle of it', async () => {
    server.on('GET', '/', respond.reset(), respond.resetMidBody(body));

    expect(await codeOf(fetch(server.url))).toBe('ECONNRESET');
    const response = await fetch(server.url);

    expect(response.headers.get('content-length')).toBe(String(body.length));
    expect(await codeOf(response.arrayBuffer())).toBe('ECONNRESET');
  });

  it('promises more than it sends', async () => {
    server.on('GET', '/', respond.halfBody(body));

    const received = await rawExchange(server, 'GET / HTTP/1.1\r\nhost: x\r\n\r\n');

    expect(received).toContain(`content-length: ${body.length}`);
    expect(received.split('\r\n\r\n')[1]).toBe(body.subarray(0, Math.ceil(body.length / 2)).toString());
  });

  it.each([
    ['garbage JSON', respond.garbageJson(), SyntaxError],
    ['broken chunks', respond.brokenChunks(), TypeError],
  ])('sends %s', async (_name, response, failure) => {
    server.on('GET', '/', response);

    await expect((await fetch(server.url)).json()).rejects.toThrow(failure);
  });

  it('sends what is not HTTP at all', async () => {
    server.on('GET', '/', respond.raw('SSH-2.0-OpenSSH_9.2\r\n'));

    await expect(fetch(server.url)).rejects.toThrow();
  });

  it('packs a bomb: small on the wire, large when unpacked', async () => {
    server.on('GET', '/', respond.gzipBomb(50 * 1024 * 1024));

    const wire = await rawExchange(server, 'GET / HTTP/1.0\r\n\r\n', 'latin1');
    const packed = Buffer.from(wire.slice(wire.indexOf('\r\n\r\n') + 4), 'latin1');
    let unpacked = 0;
    for await (const chunk of createGunzip().end(packed) as AsyncIterable<Buffer>) unpacked += chunk.length;

    expect(packed.length).toBeLessThan(100_000);
    expect(unpacked).toBe(50 * 1024 * 1024);
  });

  it('sends a body larger than announced memory, honouring the end of the client', async () => {
    server.on('GET', '/', respond.bigBody(3_000_000), respond.bigBody(Infinity));

    expect((await (await fetch(server.url)).arrayBuffer()).byteLength).toBe(3_000_000);
    const endless = await fetch(server.url);
    const reader = endless.body?.getReader();
    expect((await reader?.read())?.done).toBe(false);
    await reader?.cancel();
  });

  it.each([
    ['never answers', respond.never()],
    ['answers late', respond.slow(60_000, respond.empty(200))],
    ['drips its headers', respond.dripHeaders(5)],
  ])('%s, and still stops at once', async (_name, response) => {
    server.on('GET', '/', response);
    const failed = codeOf(fetch(server.url));
    while (server.requests.length === 0) await new Promise((resolve) => setImmediate(resolve));

    await server.stop();

    expect(await failed).toMatch(/ECONNRESET|UND_ERR_SOCKET/);
  });

  it('drips a body to its end', async () => {
    server.on('GET', '/', respond.drip(1, Buffer.from('{"a":1}')));

    expect(await (await fetch(server.url)).json()).toEqual({ a: 1 });
  });

  it('gives up a request when the client does', async () => {
    let ended = false;
    server.on('GET', '/', async (exchange) => {
      await respond.never()(exchange);
      ended = true;
    });
    const abort = new AbortController();
    const failed = codeOf(fetch(server.url, { signal: abort.signal }));
    while (server.requests.length === 0) await new Promise((resolve) => setImmediate(resolve));

    abort.abort();
    await failed;

    await expect.poll(() => ended).toBe(true);
  });

  it('serves https, to holders of a client certificate only when told so', async () => {
    const authority = await createAuthority();
    const secure = await startFaultServer({
      tls: { ...(await authority.issue({ hosts: ['localhost'] })), clientCaPem: authority.caPem },
    });
    try {
      secure.always('GET', '/', respond.empty(204));
      const client = await authority.issue({ hosts: [], usage: 'client' });
      const url = `https://localhost:${secure.port}/`;

      expect(await statusOf(url, new Agent({ ca: authority.caPem, cert: client.certPem, key: client.keyPem }))).toBe(
        204,
      );
      await expect(statusOf(url, new Agent({ ca: authority.caPem }))).rejects.toThrow();
      await expect(statusOf(url, new Agent())).rejects.toThrow(/certificate/);
    } finally {
      await secure.stop();
    }
  });
});

async function codeOf(failing: Promise<unknown>): Promise<unknown> {
  const error = await failing.then(
    () => new Error('did not fail'),
    (cause: Error) => cause,
  );
  return (error.cause as { code?: string } | undefined)?.code ?? error.name;
}

async function rawExchange({ port }: FaultServer, request: string, encoding: BufferEncoding = 'utf8'): Promise<string> {
  const socket = connect(port, '127.0.0.1').setEncoding(encoding);
  let received = '';
  socket.on('data', (text: string) => {
    received += text;
  });
  socket.write(request);
  await once(socket, 'end');
  socket.destroy();
  return received;
}

async function statusOf(url: string, agent: Agent): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request(url, { agent, family: 4 }, (response) => resolve(response.resume().statusCode))
      .once('error', reject)
      .end();
  });
}
