import { gzipSync } from 'node:zlib';
import { type FaultServer, respond, startFaultServer } from '@inthub/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTestEgress, failure, type TestEgress, until } from './testing.ts';

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

const stream = { stream: true } as const;
const events = { 'content-type': 'text/event-stream' };

async function drain(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all);
}

describe('a streamed body', () => {
  it('arrives piece by piece', async () => {
    let sendNext: () => void = () => {};
    server.on('GET', '/x', async ({ response }) => {
      response.writeHead(200, events).write('data: 1\n\n');
      await new Promise<void>((resolve) => {
        sendNext = resolve;
      });
      response.end('data: 2\n\n');
    });

    const response = await test.client(server.url).get('/x', stream);
    const seen: string[] = [];
    for await (const chunk of response.chunks()) {
      seen.push(Buffer.from(chunk).toString());
      sendNext();
    }

    expect(seen).toEqual(['data: 1\n\n', 'data: 2\n\n']);
    expect(test.attempts).toMatchObject([{ status: 200, errorCode: null, responseBytes: 18 }]);
  });

  it('makes the provider wait while nobody reads', async () => {
    let written = 0;
    const total = 64 * 1024 * 1024;
    server.on('GET', '/x', async ({ response, signal }) => {
      const piece = Buffer.alloc(64 * 1024, 'x');
      response.writeHead(200);
      while (written < total && !signal.aborted) {
        written += piece.length;
        if (!response.write(piece)) await new Promise((resolve) => response.once('drain', resolve));
      }
      response.end();
    });
    const response = await test.client(server.url).get('/x', { ...stream, maxBytes: total });
    const reader = response.chunks()[Symbol.asyncIterator]();

    await reader.next();
    let before = -1;
    while (before !== written) {
      before = written;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }

    // Kernel buffers on both sides hold some megabytes; the hub itself holds no more than a few pieces.
    expect(written).toBeLessThan(total / 4);
    await reader.return?.();
  });

  it('is complete for a slow reader', async () => {
    const body = Buffer.alloc(3_000_000, 'abcdefghij');
    server.on('GET', '/x', respond.bytes(200, body));

    const response = await test.client(server.url).get('/x', stream);
    const all: Uint8Array[] = [];
    for await (const chunk of response.chunks()) {
      all.push(chunk);
      await new Promise((resolve) => setImmediate(resolve));
    }

    expect(Buffer.concat(all).equals(body)).toBe(true);
  });

  it('is unpacked on the way', async () => {
    const body = Buffer.alloc(2_000_000, 'abcdefghij');
    server.on('GET', '/x', respond.bytes(200, gzipSync(body), { 'content-encoding': 'gzip' }));

    expect((await drain((await test.client(server.url).get('/x', stream)).chunks())).equals(body)).toBe(true);
  });

  it('lets the provider go when the reader stops', async () => {
    let gone = false;
    server.on('GET', '/x', async (exchange) => {
      exchange.signal.addEventListener('abort', () => {
        gone = true;
      });
      await respond.drip(1, undefined, events)(exchange);
    });

    const response = await test.client(server.url).get('/x', stream);
    for await (const chunk of response.chunks()) {
      expect(chunk.length).toBeGreaterThan(0);
      break;
    }

    await until(() => gone);
    expect(test.attempts).toMatchObject([{ status: 200, errorCode: null }]);
  });

  it('ends for both sides when the caller goes away', async () => {
    let gone = false;
    const caller = new AbortController();
    server.on('GET', '/x', async (exchange) => {
      exchange.signal.addEventListener('abort', () => {
        gone = true;
      });
      await respond.drip(1, undefined, events)(exchange);
    });
    const response = await test.client(server.url, { signal: caller.signal }).get('/x', stream);
    const reading = failure(drain(response.chunks()));

    caller.abort();

    expect(await reading).toMatchObject({ code: 'cancelled' });
    await until(() => gone);
  });

  it.each([
    ['is reset', respond.resetMidBody(Buffer.alloc(10_000)), { code: 'provider_unreachable' }],
    ['is cut short', respond.halfBody(Buffer.alloc(10_000)), { blame: 'provider' }],
    ['is larger than allowed', respond.bigBody(Number.POSITIVE_INFINITY), { code: 'provider_response_too_large' }],
    ['is a bomb', respond.gzipBomb(100_000_000), { code: 'provider_response_too_large' }],
  ])('fails where it is read when it %s', async (_name, answer, expected) => {
    server.on('GET', '/x', answer);

    const response = await test.client(server.url).get('/x', { ...stream, maxBytes: 1_000_000 });

    expect(response.status).toBe(200);
    expect(await failure(drain(response.chunks()))).toMatchObject(expected);
  });

  it('ends with the deadline', async () => {
    server.on('GET', '/x', respond.drip(1, undefined, events));
    const response = await test.client(server.url, { deadlineMs: 5_000 }).get('/x', stream);
    const reading = failure(drain(response.chunks()));

    await test.clock.advance(5_000);

    expect(await reading).toMatchObject({ code: 'deadline_exceeded' });
  });

  it('that nobody takes is let go with the deadline', async () => {
    let gone = false;
    server.on('GET', '/x', async (exchange) => {
      exchange.signal.addEventListener('abort', () => {
        gone = true;
      });
      await respond.bigBody(9_000_000)(exchange);
    });
    await test.client(server.url, { deadlineMs: 5_000 }).get('/x', stream);

    await test.clock.advance(5_000);

    await until(() => gone);
    expect(test.attempts).toMatchObject([{ status: 200, errorCode: 'deadline_exceeded' }]);
  });

  it('can be silent for long without being called stalled', async () => {
    let finish: () => void = () => {};
    server.on('GET', '/x', async ({ response }) => {
      response.writeHead(200, events).write('data: thinking\n\n');
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      response.end('data: done\n\n');
    });
    const response = await test.client(server.url, { deadlineMs: 300_000 }).get('/x', stream);
    const reading = drain(response.chunks());

    await test.clock.advance(100_000);
    finish();

    expect((await reading).toString()).toContain('done');
  });

  it('is an error, not a stream, when the provider refuses', async () => {
    server.on('GET', '/x', respond.json(404, { message: 'no such model' }));

    expect((await failure(test.client(server.url).get('/x', stream))).message).toContain('no such model');
  });

  it('can be read once, or as a whole', async () => {
    server.always('GET', '/x', respond.json(200, { a: 1 }));
    const http = test.client(server.url);

    expect(await (await http.get('/x', stream)).json()).toEqual({ a: 1 });
    const twice = await http.get('/x', stream);
    await drain(twice.chunks());
    expect(() => twice.chunks()).toThrow('already taken');
    const whole = await http.get('/x');
    expect(() => whole.chunks()).toThrow('stream: true');
  });
});
