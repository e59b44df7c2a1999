import { createServer, type Server } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTestEgress, failure } from './testing.ts';

/** Two servers on one port of two loopback addresses: the public site and the inner one that an attacker wants to reach. */
let outer: { server: Server; hits: number };
let inner: { server: Server; hits: number };
let port: number;

async function listen(host: string, at: number): Promise<{ server: Server; hits: number; port: number }> {
  const server = createServer((_request, response) => {
    state.hits += 1;
    // Closed after each answer, so that every request needs a new connection, and so a new look at the name.
    response.writeHead(200, { connection: 'close', 'content-type': 'application/json' }).end('{}');
  });
  const state = { server, hits: 0, port: 0 };
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(at, host, resolve));
  const address = server.address();
  state.port = typeof address === 'object' && address !== null ? address.port : 0;
  return state;
}

// Only Linux answers on every address of 127.0.0.0/8.
describe.skipIf(process.platform !== 'linux')('a hostile name server', () => {
  beforeEach(async () => {
    const first = await listen('127.0.0.2', 0);
    outer = first;
    port = first.port;
    inner = await listen('127.0.0.3', port);
  });

  afterEach(async () => {
    for (const { server } of [outer, inner]) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  });

  it('a name that changes its mind between check and connection gets neither a second look nor another address', async () => {
    let looks = 0;
    const test = createTestEgress({
      policy: { allow: ['127.0.0.2'] },
      resolve: async () => {
        looks += 1;
        return [{ address: looks % 2 === 1 ? '127.0.0.2' : '127.0.0.3', family: 4 }];
      },
    });
    const http = test.client(`http://rebind.example:${port}`);

    await http.get('/x');
    expect([looks, outer.hits, inner.hits]).toEqual([1, 1, 0]);

    // Later, with the answer forgotten, the name points inside: refused, and nothing arrives there.
    await test.clock.advance(10_000);
    const error = await failure(http.get('/x', { retry: 'never' }));
    expect(error.code).toBe('egress_denied');
    expect(error.message).toContain('rebind.example resolves to 127.0.0.3');
    expect([looks, outer.hits, inner.hits]).toEqual([2, 1, 0]);
    await test.egress.close();
  });

  it('a name with a good and a bad address is refused as a whole, whichever is tried first', async () => {
    for (const order of [
      ['127.0.0.2', '127.0.0.3'],
      ['127.0.0.3', '127.0.0.2'],
    ]) {
      const test = createTestEgress({
        policy: { allow: ['127.0.0.2'] },
        resolve: async () => order.map((address) => ({ address, family: 4 })),
      });

      expect((await failure(test.client(`http://rebind.example:${port}`).get('/x'))).code).toBe('egress_denied');
      await test.egress.close();
    }
    expect([outer.hits, inner.hits]).toEqual([0, 0]);
  });

  it('a resolver that answers with no address at all, or with nonsense, connects nowhere', async () => {
    for (const addresses of [[], [{ address: 'localhost', family: 4 }], [{ address: '0x7f.3', family: 4 }]]) {
      const test = createTestEgress({ policy: { allow: ['127.0.0.2'] }, resolve: async () => addresses });

      const error = await failure(test.client(`http://rebind.example:${port}`).get('/x'));

      expect(['egress_denied', 'provider_unreachable']).toContain(error.code);
      await test.egress.close();
    }
    expect([outer.hits, inner.hits]).toEqual([0, 0]);
  });
});
