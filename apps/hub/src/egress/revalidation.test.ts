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

const tagged = (body: object, etag: string, more: Record<string, string> = {}) =>
  respond.json(200, body, { etag, ...more });
const unchanged = (more: Record<string, string> = {}) =>
  respond.text(304, '', { 'x-ratelimit-remaining': '9', ...more });
const ask = (path = '/x', more: object = {}, scope: object = {}) =>
  test.client(server.url, scope).get(path, { revalidate: true, ...more });
const sentTag = () => server.requests.at(-1)?.headers['if-none-match'];
const Answer = Type.Object({ n: Type.Number() });

describe('asking again for what is known', () => {
  it('goes by the ETag, and gives the kept answer with the newer headers', async () => {
    server.on('GET', '/x', tagged({ n: 1 }, 'W/"a"', { 'x-ratelimit-remaining': '10' }), unchanged());

    expect(await (await ask()).json(Answer)).toEqual({ n: 1 });
    expect(sentTag()).toBeUndefined();
    const again = await ask();

    expect(sentTag()).toBe('W/"a"');
    expect(again.status).toBe(200);
    expect(await again.json(Answer)).toEqual({ n: 1 });
    expect(again.headers.get('x-ratelimit-remaining')).toBe('9');
    expect(again.headers.get('content-type')).toContain('json');
  });

  it('takes a changed answer, and asks by its tag from then on', async () => {
    server.on('GET', '/x', tagged({ n: 1 }, '"a"'), tagged({ n: 2 }, '"b"'), unchanged());

    await ask();
    expect(await (await ask()).json()).toEqual({ n: 2 });
    expect(await (await ask()).json()).toEqual({ n: 2 });
    expect(sentTag()).toBe('"b"');
  });

  it('is for one tenant, integration, path, query and form of answer alone', async () => {
    server.always('GET', '/x', tagged({ n: 1 }, '"a"'));
    server.always('GET', '/x?q=1', tagged({ n: 1 }, '"a"'));
    await ask();

    for (const [more, scope] of [
      [{}, { tenantId: 'tenant-2' }],
      [{}, { integrationId: 'integration-2' }],
      [{ query: { q: 1 } }, {}],
      [{ accept: 'text/plain' }, {}],
      [{ headers: { 'x-version': '2' } }, {}],
      [{ auth: 'none' }, {}],
    ] as const) {
      await ask('/x', more, scope);
      expect(sentTag(), JSON.stringify([more, scope])).toBeUndefined();
    }
  });

  it('is never done unasked, for other methods, for parts or for streams', async () => {
    server.always('GET', '/x', tagged({ n: 1 }, '"a"'));
    server.always('POST', '/x', tagged({ n: 1 }, '"a"'));
    await ask();

    await test.client(server.url).get('/x');
    expect(sentTag()).toBeUndefined();
    await ask('/x', { stream: true });
    expect(sentTag()).toBeUndefined();
    await ask('/x', { headers: { range: 'bytes=0-1' } });
    expect(sentTag()).toBeUndefined();
    await test.client(server.url).post('/x', { revalidate: true });
    expect(sentTag()).toBeUndefined();
  });

  it('ends with the answer: an error is an error, and what has no tag or a strange one is not kept', async () => {
    server.on('GET', '/x', tagged({ n: 1 }, '"a"'), respond.json(404, {}), respond.json(200, { n: 3 }), unchanged());
    await ask();

    expect((await failure(ask())).code).toBe('provider_not_found');
    expect(await (await ask()).json()).toEqual({ n: 3 });
    // Nothing is kept now, so nothing is asked by tag; a 304 out of the blue is no answer.
    expect((await failure(ask())).code).toBe('provider_bad_response');
    expect(sentTag()).toBeUndefined();
    server.on('GET', '/y', tagged({ n: 1 }, 'bare'), tagged({ n: 2 }, 'bare'));
    await ask('/y');
    await ask('/y');
    expect(sentTag()).toBeUndefined();
  });

  it('forgets what is an hour old, too large, or crowded out', async () => {
    server.always('GET', '/x', tagged({ n: 1 }, '"a"'));
    await ask();
    await test.clock.advance(3_600_000);
    await ask();
    expect(sentTag()).toBeUndefined();

    server.always('GET', '/large', tagged({ text: 'x'.repeat(600_000) }, '"l"'));
    await ask('/large');
    await ask('/large');
    expect(sentTag()).toBeUndefined();

    for (let at = 0; at < 80; at += 1) {
      server.always('GET', `/${at}`, tagged({ text: 'x'.repeat(500_000) }, '"n"'));
      await ask(`/${at}`);
    }
    await ask('/0');
    expect(sentTag()).toBeUndefined();
    await ask('/79');
    expect(sentTag()).toBe('"n"');
  });
});
