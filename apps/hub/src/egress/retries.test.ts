import { type FaultServer, respond, startFaultServer } from '@inthub/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTestEgress, failure, passRetries, type TestEgress, until } from './testing.ts';

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

const waits = () => test.clock.sleeps.filter((ms) => ms < 20_000);

describe('retries', () => {
  it('come after 1, 2 and 4 seconds and are counted', async () => {
    server.on(
      'GET',
      '/x',
      respond.reset(),
      respond.json(503, {}),
      respond.json(500, {}),
      respond.json(200, { ok: true }),
    );

    const response = await passRetries(test.client(server.url).get('/x'), test.clock);

    expect(await response.json()).toEqual({ ok: true });
    expect(waits()).toEqual([1_000, 2_000, 4_000]);
    expect(test.attempts.map(({ attempt, status, errorCode }) => [attempt, status, errorCode])).toEqual([
      [1, null, 'provider_unreachable'],
      [2, 503, null],
      [3, 500, null],
      [4, 200, null],
    ]);
  });

  it('end with the last error', async () => {
    server.always('GET', '/x', respond.json(502, { message: 'bad gateway' }));

    const error = await failure(passRetries(test.client(server.url).get('/x'), test.clock));

    expect(error).toMatchObject({ code: 'provider_unavailable' });
    expect(server.requests).toHaveLength(4);
  });

  it('wait as long as the provider asks', async () => {
    server.on(
      'GET',
      '/x',
      respond.tooManyRequests(5),
      respond.tooManyRequests(new Date('2026-01-01T00:00:12Z')),
      respond.json(200, {}),
    );

    await passRetries(test.client(server.url).get('/x'), test.clock);

    // Five seconds and a spread of 10 %; then the date, from 5.1 s on, and its spread.
    expect(waits()).toEqual([5_100, 6_900 + 200]);
  });

  it('do not sleep past the deadline, but tell at once how long to wait', async () => {
    server.always('GET', '/x', respond.tooManyRequests(60));

    const error = await failure(test.client(server.url).get('/x'));

    expect(error).toMatchObject({ code: 'provider_rate_limited', retryAfterMs: 60_000 });
    expect(waits()).toEqual([]);
  });

  it('keep within the time limit of the request', async () => {
    server.always('GET', '/x', respond.json(503, {}));

    const error = await failure(passRetries(test.client(server.url).get('/x', { timeoutMs: 2_500 }), test.clock));

    expect(error).toMatchObject({ code: 'provider_unavailable', retryAfterMs: 2_000 });
    expect(server.requests).toHaveLength(2);
  });

  it.each([
    ['POST', {}, 1],
    ['PATCH', {}, 1],
    ['POST', { idempotent: true }, 2],
    ['PUT', {}, 2],
    ['DELETE', {}, 2],
    ['GET', { retry: 'never' }, 1],
    ['POST', { idempotent: true, retry: 'never' }, 1],
  ] as const)('%s %j is sent %i time(s)', async (method, options, times) => {
    server.on(method, '/x', respond.json(503, {}), ...(times > 1 ? [respond.json(200, {})] : []));

    await passRetries(test.client(server.url).request({ method, path: '/x', ...options }), test.clock).catch(() => {});

    expect(server.requests).toHaveLength(times);
    server.verify();
  });

  it.each([400, 401, 403, 404, 405, 409, 412, 422, 501])('%i is not repeated', async (status) => {
    server.on('GET', '/x', respond.json(status, {}));

    await failure(test.client(server.url).get('/x'));

    expect(server.requests).toHaveLength(1);
  });

  it('stop when the caller goes away', async () => {
    server.always('GET', '/x', respond.json(503, {}));
    const caller = new AbortController();
    const sending = failure(test.client(server.url, { signal: caller.signal }).get('/x'));
    await until(() => test.clock.sleeping === 2);

    caller.abort();

    expect(await sending).toMatchObject({ code: 'cancelled' });
    expect(server.requests).toHaveLength(1);
  });

  it('read the reset time of GitHub’s 403, and take it for what it is', async () => {
    const reset = String(Date.parse('2026-01-01T00:00:03Z') / 1_000);
    server.on(
      'GET',
      '/x',
      respond.json(
        403,
        { message: 'API rate limit exceeded' },
        { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': reset },
      ),
    );
    server.on('GET', '/x', respond.json(200, {}));

    await passRetries(test.client(server.url).get('/x'), test.clock);

    expect(waits()).toEqual([3_100]);
  });
});
