import { createServer, request as forward, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import {
  createAuthority,
  type FaultServer,
  type LoopbackServer,
  listenOnLoopback,
  respond,
  startFaultServer,
} from '@inthub/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createTestEgress, failure, type TestEgress } from './testing.ts';

/** A proxy that forwards and tunnels, and remembers what it was asked. Names are sent to 127.0.0.1. */
interface TestProxy extends LoopbackServer {
  readonly url: string;
  readonly asked: string[];
  /** Answer instead of serving. */
  refuse: number | 'reset' | undefined;
}

async function startProxy(): Promise<TestProxy> {
  const asked: string[] = [];
  const proxy = { refuse: undefined as TestProxy['refuse'] };
  const server = createServer((incoming: IncomingMessage, outgoing: ServerResponse) => {
    asked.push(`${incoming.method} ${incoming.url} host=${incoming.headers.host}`);
    if (typeof proxy.refuse === 'number') return void outgoing.writeHead(proxy.refuse).end();
    const url = new URL(incoming.url ?? '');
    const upstream = forward({
      host: '127.0.0.1',
      port: url.port,
      path: url.pathname + url.search,
      method: incoming.method,
      headers: incoming.headers,
    });
    upstream.on('response', (response) => {
      outgoing.writeHead(response.statusCode ?? 502, response.headers);
      response.pipe(outgoing);
    });
    upstream.on('error', () => outgoing.writeHead(502).end());
    incoming.pipe(upstream);
  });
  server.on('connect', (incoming: IncomingMessage, client: Socket) => {
    asked.push(`CONNECT ${incoming.url} auth=${incoming.headers['proxy-authorization']}`);
    client.on('error', () => {});
    if (proxy.refuse === 'reset') return void client.resetAndDestroy();
    if (proxy.refuse !== undefined) return void client.end(`HTTP/1.1 ${proxy.refuse} No\r\ncontent-length: 0\r\n\r\n`);
    const upstream = connect(Number(incoming.url?.split(':').at(-1)), '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      upstream.pipe(client).pipe(upstream);
    });
    upstream.on('error', () => client.destroy());
    client.on('close', () => upstream.destroy());
  });
  const listening = await listenOnLoopback(server);
  return Object.assign(proxy, listening, { url: `http://127.0.0.1:${listening.port}`, asked });
}

let proxy: TestProxy;
let test: TestEgress;
const servers: FaultServer[] = [];

beforeEach(async () => {
  proxy = await startProxy();
  test = createTestEgress();
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await test.egress.close();
  await proxy.stop();
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});

async function plain(): Promise<FaultServer> {
  const server = await startFaultServer();
  servers.push(server);
  server.always('GET', '/x', respond.json(200, { ok: true }));
  return server;
}

async function secure(hosts = ['registry.example']): Promise<{ server: FaultServer; caPem: string }> {
  const authority = await createAuthority();
  const server = await startFaultServer({ tls: await authority.issue({ hosts }) });
  servers.push(server);
  server.always('GET', '/x', respond.json(200, { ok: true }));
  return { server, caPem: authority.caPem };
}

const through = (extra: object = {}) => ({ config: { network: { proxyUrl: proxy.url, ...extra } } });
const once = { retry: 'never' } as const;

describe('a proxy', () => {
  it('tunnels https, by name, with the certificate checked end to end', async () => {
    const { server, caPem } = await secure();
    const http = test.client(`https://registry.example:${server.port}`, through({ caCertificate: caPem }));

    expect(await (await http.get('/x')).json()).toEqual({ ok: true });
    expect(await (await http.get('/x')).json()).toEqual({ ok: true });

    expect(proxy.asked).toContain(`CONNECT registry.example:${server.port} auth=undefined`);
    expect(server.requests).toHaveLength(2);
    expect((await failure(test.client(`https://registry.example:${server.port}`, through()).get('/x'))).code).toBe(
      'provider_tls_invalid',
    );
  });

  it('forwards plain http, with the host of the target', async () => {
    const server = await plain();

    await test.client(`http://registry.example:${server.port}`, through()).get('/x', { query: { a: 1 } });

    expect(proxy.asked).toEqual([
      `GET http://registry.example:${server.port}/x?a=1 host=registry.example:${server.port}`,
    ]);
  });

  it.each([
    [407, 'demands credentials'],
    [403, 'does not allow it'],
    [502, 'failed to connect'],
  ])('that answers CONNECT with %i is to blame itself', async (status, why) => {
    const { server } = await secure();
    proxy.refuse = status;

    const error = await failure(test.client(`https://registry.example:${server.port}`, through()).get('/x', once));

    expect(error).toMatchObject({ code: 'proxy_failed', blame: 'proxy', retryable: status === 502 });
    expect(error.message).toContain(why);
  });

  it('that resets, or is not there, is to blame itself', async () => {
    const { server } = await secure();
    proxy.refuse = 'reset';
    const target = `https://registry.example:${server.port}`;

    expect(await failure(test.client(target, through()).get('/x', once))).toMatchObject({
      code: 'proxy_failed',
      blame: 'proxy',
    });
    await proxy.stop();
    expect(await failure(test.client(target, through()).get('/y', once))).toMatchObject({
      code: 'proxy_failed',
      blame: 'proxy',
    });
    expect(await failure(test.client('http://registry.example', through()).get('/x', once))).toMatchObject({
      code: 'proxy_failed',
      blame: 'proxy',
    });
  });

  it('that wants a password from a forwarded request says so', async () => {
    proxy.refuse = 407;

    const error = await failure(test.client('http://registry.example', through()).get('/x', once));

    expect(error).toMatchObject({ code: 'proxy_failed' });
  });

  it('on a private address needs an exception like anybody else', async () => {
    const strict = createTestEgress({ policy: { allow: [] } });

    for (const endpoint of ['https://1.1.1.1', 'http://1.1.1.1']) {
      const error = await failure(strict.client(endpoint, through()).get('/x', once));
      expect(error.code).toBe('egress_denied');
      expect(error.message).toContain('127.0.0.1: a loopback address');
    }
    expect(proxy.asked).toEqual([]);
    await strict.egress.close();
  });

  it.each(['https://10.0.0.1', 'http://10.0.0.1', 'https://169.254.169.254', 'http://[::1]'])(
    'is no way round to %s',
    async (endpoint) => {
      const error = await failure(test.client(endpoint, through()).get('/x', once));

      expect(error.code).toBe('egress_denied');
      expect(proxy.asked).toEqual([]);
    },
  );

  it('is no way round to a name that resolves to a private address here', async () => {
    const own = createTestEgress({ resolve: async () => [{ address: '10.0.0.1', family: 4 }] });

    for (const endpoint of ['https://intern.example', 'http://intern.example']) {
      expect((await failure(own.client(endpoint, through()).get('/x', once))).code).toBe('egress_denied');
    }
    expect(proxy.asked).toEqual([]);
    await own.egress.close();
  });

  it.each([
    ['http://user:hunter2@127.0.0.1:3128', 'user name or password'],
    ['socks5://127.0.0.1:1080', 'scheme socks5:'],
    ['http://127.0.0.1:3128/path', 'scheme, host and port only'],
  ])('is not taken from %s', async (proxyUrl, why) => {
    const error = await failure(
      test.client('https://registry.example', { config: { network: { proxyUrl } } }).get('/x'),
    );

    expect(error.code).toBe('egress_denied');
    expect(error.message).toContain(why);
    expect(error.message).not.toContain('hunter2');
  });

  it('is not taken from the environment', async () => {
    const server = await plain();
    for (const name of ['http_proxy', 'HTTP_PROXY', 'https_proxy', 'ALL_PROXY', 'NODE_USE_ENV_PROXY'])
      vi.stubEnv(name, proxy.url);

    await test.client(server.url).get('/x');

    expect(proxy.asked).toEqual([]);
  });
});
