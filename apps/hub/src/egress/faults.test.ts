import { createServer } from 'node:net';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { type FaultResponse, type FaultServer, listenOnLoopback, respond, startFaultServer } from '@inthub/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTestEgress, failure, type TestEgress, until } from './testing.ts';

let server: FaultServer;
let test: TestEgress;
let socketsBefore: number;
const sockets = () => process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length;

beforeEach(async () => {
  socketsBefore = sockets();
  server = await startFaultServer();
  test = createTestEgress();
});

afterEach(async () => {
  await test.egress.close();
  await server.stop();
  await until(() => sockets() <= socketsBefore);
  expect(test.clock.sleeping).toBe(0);
});

const once = { retry: 'never' } as const;
const json = Buffer.from(JSON.stringify({ text: 'x'.repeat(2_000) }));

describe('a provider that fails', () => {
  it.each<[string, FaultResponse, object]>([
    ['resets the connection', respond.reset(), { code: 'provider_unreachable', blame: 'provider', retryable: true }],
    [
      'resets in the middle of the body',
      respond.resetMidBody(json),
      { code: 'provider_unreachable', blame: 'provider', retryable: true },
    ],
    ['ends the body early', respond.halfBody(json), { retryable: true, blame: 'provider' }],
    [
      'breaks its chunks',
      respond.brokenChunks(),
      { code: 'provider_bad_response', blame: 'provider', retryable: false },
    ],
    [
      'speaks another protocol',
      respond.raw('SSH-2.0-OpenSSH_9.2\r\n'),
      { code: 'provider_bad_response', blame: 'provider', retryable: false },
    ],
    [
      'sends endless headers',
      respond.raw(`HTTP/1.1 200 OK\r\n${'x-a: b\r\n'.repeat(20_000)}\r\n`),
      { code: 'provider_bad_response' },
    ],
    [
      'sends one huge header',
      respond.raw(`HTTP/1.1 200 OK\r\nx-a: ${'b'.repeat(100_000)}\r\n\r\n`),
      { code: 'provider_bad_response' },
    ],
    [
      'announces two lengths',
      respond.raw('HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}x'),
      { code: 'provider_bad_response' },
    ],
    ['redirects for ever', respond.endlessRedirect(), { code: 'provider_bad_response', blame: 'provider' }],
    ['redirects nowhere', respond.empty(302), { code: 'provider_bad_response' }],
    [
      'redirects to metadata',
      respond.redirect('http://169.254.169.254/latest/meta-data/'),
      { code: 'egress_denied', blame: 'configuration' },
    ],
    ['redirects to a file', respond.redirect('file:///etc/passwd'), { code: 'egress_denied' }],
    [
      'asks to slow down',
      respond.tooManyRequests(7),
      { code: 'provider_rate_limited', retryAfterMs: 7_000, blame: 'provider' },
    ],
    [
      'fails',
      respond.json(500, { message: 'oh' }),
      { code: 'provider_unavailable', blame: 'provider', retryable: true },
    ],
    ['cannot do this', respond.json(501, {}), { code: 'provider_unavailable', retryable: false }],
    [
      'is overloaded',
      respond.json(503, {}, { 'retry-after': '9' }),
      { code: 'provider_unavailable', retryAfterMs: 9_000 },
    ],
    [
      'answers an odd status',
      respond.raw('HTTP/1.1 799 Odd\r\ncontent-length: 0\r\n\r\n'),
      { code: 'provider_bad_response' },
    ],
    [
      'encodes in an unknown way',
      respond.text(200, 'x', { 'content-encoding': 'zstd' }),
      { code: 'provider_bad_response' },
    ],
    [
      'calls plain text gzip',
      respond.text(200, 'plain', { 'content-encoding': 'gzip' }),
      { code: 'provider_bad_response' },
    ],
    [
      'cuts its gzip short',
      respond.bytes(200, gzipSync(json).subarray(0, 20), { 'content-encoding': 'gzip' }),
      { code: 'provider_bad_response' },
    ],
    [
      'stacks encodings',
      respond.text(200, 'x', { 'content-encoding': 'gzip, gzip, gzip' }),
      { code: 'provider_bad_response' },
    ],
  ])('that %s', async (_name, answer, expected) => {
    server.always('GET', '/x', answer);

    const error = await failure(test.client(server.url).get('/x', once));

    expect(error).toMatchObject(expected);
    expect(error.message).toMatch(/^[\x20-\x7e]{10,400}$/);
    expect(test.attempts.every(({ errorCode, status }) => errorCode !== null || status !== null)).toBe(true);
  });

  it('that is not there', async () => {
    const gone = createServer();
    const { port, stop } = await listenOnLoopback(gone);
    await stop();

    const error = await failure(test.client(`http://127.0.0.1:${port}`).get('/x', once));

    expect(error).toMatchObject({
      code: 'provider_unreachable',
      blame: 'provider',
      details: { reason: 'ECONNREFUSED' },
    });
    expect(test.attempts).toMatchObject([{ status: null, errorCode: 'provider_unreachable', responseBytes: 0 }]);
  });

  it('that has no name in DNS', async () => {
    const lost = createTestEgress({
      resolve: async () => {
        throw Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' });
      },
    });

    const error = await failure(lost.client('http://nowhere.example').get('/x'));

    expect(error).toMatchObject({ code: 'provider_unreachable', blame: 'configuration', retryable: false });
    expect(error.message).toContain('check the host name in config.endpoint');
    expect(lost.attempts).toHaveLength(1);
    await lost.egress.close();
  });

  it('that closes idle connections without a word', async () => {
    let served = 0;
    const rude = createServer((socket) => {
      socket.once('data', () => {
        served += 1;
        socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: keep-alive\r\n\r\n{}', () =>
          socket.destroy(),
        );
      });
      socket.on('error', () => {});
    });
    const { port, stop } = await listenOnLoopback(rude);
    const http = test.client(`http://127.0.0.1:${port}`);

    for (let at = 0; at < 5; at += 1) expect((await http.get('/x', once)).status).toBe(200);

    expect(served).toBe(5);
    await stop();
  });
});

describe('a body that is too much', () => {
  it.each<[string, FaultResponse]>([
    ['an announced one', respond.bigBody(5_000_000)],
    ['an unannounced one', respond.bigBody(5_000_000, { announce: false })],
    ['an endless one', respond.bigBody(Number.POSITIVE_INFINITY)],
    ['a gzip bomb', respond.gzipBomb(500_000_000)],
    [
      'a nested bomb',
      respond.bytes(200, gzipSync(gzipSync(Buffer.alloc(5_000_000))), { 'content-encoding': 'gzip, gzip' }),
    ],
    ['a brotli bomb', respond.bytes(200, brotliCompressSync(Buffer.alloc(50_000_000)), { 'content-encoding': 'br' })],
  ])('%s ends at maxBytes', async (_name, answer) => {
    server.always('GET', '/x', answer);

    const error = await failure(test.client(server.url).get('/x', { maxBytes: 1_000_000 }));

    expect(error).toMatchObject({
      code: 'provider_response_too_large',
      blame: 'provider',
      details: { maxBytes: 1_000_000 },
    });
    expect(test.attempts).toHaveLength(1);
    expect(test.attempts[0]?.responseBytes).toBeLessThan(3_000_000);
  });

  it('a bomb ends by its ratio, even where maxBytes would allow it', async () => {
    server.always('GET', '/x', respond.gzipBomb(400_000_000));

    const error = await failure(test.client(server.url).get('/x', { maxBytes: 250_000_000 }));

    expect(error.code).toBe('provider_response_too_large');
    expect(error.message).toContain('times its size');
  });

  it('an endless error document costs no more than its beginning', async () => {
    server.always('GET', '/x', ({ response, signal }) => {
      response.writeHead(400, { 'content-type': 'text/plain' });
      const timer = setInterval(() => response.write('again and '.repeat(1_000)), 1);
      signal.addEventListener('abort', () => clearInterval(timer));
    });

    const error = await failure(test.client(server.url).get('/x'));

    expect(error.code).toBe('provider_rejected');
    expect((error.cause as { body: string }).body.length).toBeLessThanOrEqual(8_192);
    expect(error.message.length).toBeLessThan(300);
  });

  it.each([
    ['gzip', gzipSync(json), 'gzip'],
    ['x-gzip', gzipSync(json), 'x-gzip'],
    ['brotli', brotliCompressSync(json), 'br'],
    ['deflate with its wrapper', deflateSync(json), 'deflate'],
    ['deflate without', deflateRawSync(json), 'deflate'],
    ['two layers', gzipSync(brotliCompressSync(json)), 'br, gzip'],
    ['none', json, 'identity'],
  ])('while %s within bounds is unpacked', async (_name, body, encoding) => {
    server.on('GET', '/x', respond.bytes(200, body, { 'content-encoding': encoding }));

    expect(await (await test.client(server.url).get('/x')).bytes()).toEqual(json);
  });
});

describe('a provider that is slow', () => {
  const slow: readonly (readonly [string, FaultResponse])[] = [
    ['never answers', respond.never()],
    ['drips its headers', respond.dripHeaders(1)],
    ['drips its body', respond.drip(1)],
  ];

  it.each(slow)('and %s ends with the time limit of the request', async (_name, answer) => {
    server.on('GET', '/x', answer);
    const sending = failure(test.client(server.url).get('/x', { timeoutMs: 500 }));
    await until(() => server.requests.length === 1);

    await test.clock.advance(500);

    expect(await sending).toMatchObject({ code: 'provider_timeout', blame: 'provider' });
  });

  it.each(slow)('and %s ends with the deadline of the call', async (_name, answer) => {
    server.on('GET', '/x', answer);
    const sending = failure(test.client(server.url, { deadlineMs: 700 }).get('/x'));
    await until(() => server.requests.length === 1);

    await test.clock.advance(700);

    expect(await sending).toMatchObject({ code: 'deadline_exceeded', blame: 'caller' });
    expect(test.attempts).toMatchObject([{ errorCode: 'deadline_exceeded' }]);
  });

  it.each(slow)('and %s ends when the caller goes away', async (_name, answer) => {
    server.on('GET', '/x', answer);
    const caller = new AbortController();
    const sending = failure(test.client(server.url, { signal: caller.signal }).get('/x'));
    await until(() => server.requests.length === 1);

    caller.abort();

    expect(await sending).toMatchObject({ code: 'cancelled' });
  });

  it('is to blame itself for a deadline when it had ten seconds, or when the time limit was the integration’s own', async () => {
    server.always('GET', '/x', respond.never());
    const patient = failure(test.client(server.url, { deadlineMs: 10_000 }).get('/x'));
    const own = failure(test.client(server.url, { deadlineMs: 10_000, deadlineFrom: 'integration' }).get('/x'));
    await until(() => server.requests.length === 2);

    await test.clock.advance(10_000);

    expect(await patient).toMatchObject({ code: 'deadline_exceeded', blame: 'provider' });
    expect(await own).toMatchObject({ code: 'provider_timeout', blame: 'provider' });
  });

  it('gets twenty seconds to begin, and twenty between two pieces', async () => {
    server.on('GET', '/silent', respond.never());
    server.on('GET', '/stalls', async ({ response, signal }) => {
      response.writeHead(200).write('{');
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
    });
    const silent = failure(test.client(server.url, { deadlineMs: 1e6 }).get('/silent', once));
    await until(() => server.requests.length === 1);
    await test.clock.advance(20_000);
    expect((await silent).message).toContain('did not begin to answer within 20000 ms');

    const stalls = failure(test.client(server.url, { deadlineMs: 1e6 }).get('/stalls', once));
    await until(() => server.requests.length === 2);
    // The first piece has to have arrived for its limit to count.
    await new Promise((resolve) => setTimeout(resolve, 20));
    await test.clock.advance(20_000);
    expect((await stalls).message).toContain('stopped sending in the middle');
  });

  it('is let go at whatever moment the caller goes away', async () => {
    server.always('GET', '/x', respond.never());
    for (let turns = 0; turns < 12; turns += 1) {
      const caller = new AbortController();
      const options = {
        signal: caller.signal,
        scheme: { scheme: 'bearer', token: '{token}' },
        material: { kind: 'bearer_token', token: 'secret-token-1' },
      } as const;
      const sending = failure(test.client(server.url, options).get('/x'));

      for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
      caller.abort();

      expect((await sending).code).toBe('cancelled');
    }
  });

  it('sends nothing at all after the deadline or the abort', async () => {
    await test.clock.advance(100);

    expect((await failure(test.client(server.url, { deadlineMs: 100 }).get('/x'))).code).toBe('deadline_exceeded');
    expect((await failure(test.client(server.url, { signal: AbortSignal.abort() }).get('/x'))).code).toBe('cancelled');
    expect(test.egress.attempts).toBe(0);
  });
});

describe('connections', () => {
  it('are kept for the next request, and never shared between tenants', async () => {
    server.always('GET', '/x', respond.json(200, {}));
    const call = async (tenantId: string) => {
      await test.client(server.url, { tenantId }).get('/x');
      // undici looks after a socket for one turn before it is used again.
      await new Promise((resolve) => setTimeout(resolve, 5));
    };

    for (let at = 0; at < 5; at += 1) await call('tenant-1');
    const first = server.connections;
    expect(first).toBeLessThan(3);

    await call('tenant-2');
    expect(server.connections).toBe(first + 1);
  });

  it('are 64 at most for one origin; who gives up while waiting is never sent', async () => {
    const answers: (() => void)[] = [];
    server.always('GET', /./, async ({ response }) => {
      await new Promise<void>((resolve) => answers.push(resolve));
      response.end('{}');
    });
    const http = test.client(server.url);
    const sending = Array.from({ length: 64 }, (_, at) => http.get(`/${at}`));
    await until(() => answers.length === 64);
    const caller = new AbortController();
    const waiting = failure(test.client(server.url, { signal: caller.signal }).get('/waiting'));
    await until(() => test.egress.attempts === 65);

    caller.abort();
    expect((await waiting).code).toBe('cancelled');
    for (const answer of answers) answer();
    await Promise.all(sending);
    const last = http.get('/last');
    await until(() => answers.length === 65);
    answers.at(-1)?.();
    await last;

    expect(server.requests.map(({ path }) => path)).not.toContain('/waiting');
  });
});

it('ends what is in flight when it is closed', async () => {
  server.always('GET', '/x', respond.never());
  const sending = failure(test.client(server.url).get('/x'));
  await until(() => server.requests.length === 1);

  await test.egress.close();

  expect(await sending).toMatchObject({ code: 'unavailable' });
  expect((await failure(test.client(server.url).get('/x'))).code).toBe('unavailable');
});
