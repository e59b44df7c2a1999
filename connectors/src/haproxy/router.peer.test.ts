import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createLoopbackTransport, createMockGateway, routerConformance } from '@inthub/connector-sdk/testing';
import { startAgent } from '@inthub/router-agent';
import { peersOrSkip, type Router, startHaproxy } from '@inthub/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { haproxy } from './connector.ts';

// The connector, the real agent, a real HAProxy.
const peers = await peersOrSkip(['haproxy']);
const token = 'test-router-agent-token-0123456789abcdef';
let server: Server;
let router: Router;
let agent: Awaited<ReturnType<typeof startAgent>>;

interface Listed {
  readonly items: readonly { readonly backends: readonly { readonly name: string; readonly port: number }[] }[];
}

describe.skipIf(peers.skip)(peers.label('haproxy behind the router agent'), () => {
  beforeAll(async () => {
    server = createServer((_request, response) => response.end('ok'));
    const port = await new Promise<number>((resolve) => {
      server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
    });
    router = await startHaproxy({
      upstreams: `backend app\n  server blue 127.0.0.1:${port} weight 90\n  server green localhost:${port} weight 10`,
    });
    const { configFile, pidFile, socketPath, program, stateDir } = router;
    const own = { configFile, managedFile: configFile, pidFile, socketPath, program, stateDir, probeUrl: router.url };
    agent = await startAgent({ ...own, product: 'haproxy', host: '127.0.0.1', port: 0, token, tls: undefined });
  });
  afterAll(async () => {
    await agent?.stop();
    await router?.stop();
    server?.close().closeAllConnections();
  });
  const gateway = (credential = token) =>
    createMockGateway({
      connector: haproxy,
      config: { endpoint: agent.url, authMode: 'token' },
      credential: { kind: 'bearer_token', token: credential },
      respond: createLoopbackTransport(),
    });
  const backends = async () => ((await gateway().run('upstream.list')) as Listed).items[0]?.backends ?? [];

  routerConformance({
    name: 'a real HAProxy',
    fixtures: async () => {
      const [one, other] = await backends();
      return {
        upstream: 'app',
        backends: [one?.name ?? '', other?.name ?? ''],
        addition: { address: '127.0.0.2', port: one?.port ?? 0 },
        invalidContent: 'nonsense on;\n',
      };
    },
    run: (action, input) => gateway().run(action, input),
  });

  it('passes its connection test and every check', async () => {
    expect(await gateway().testConnection()).toMatchObject({ success: true, details: { upstreams: 1 } });
    for (const { id } of haproxy.checks) expect(await gateway().check(id), id).toMatchObject({ status: 'pass' });
  });

  it('says that the token is wrong', async () => {
    expect(await gateway('another-token-0123456789abcdef0123456789').testConnection()).toMatchObject({
      success: false,
      details: { code: 'provider_unauthenticated' },
    });
  });

  it('shifts step by step', async () => {
    const name = (await backends())[1]?.name ?? '';
    const shift = { upstream: 'app', weights: { [name]: 100 }, steps: [50, 100], pauseSeconds: 0 };
    const { id } = (await gateway().run('haproxy.shift.start', shift)) as { id: string };

    const get = async () => (await gateway().run('haproxy.shift.get', { id })) as { state: string };
    await expect.poll(async () => (await get()).state, { timeout: 20_000 }).toBe('done');
    expect(await get()).toMatchObject({ step: 2, weights: { [name]: 100 } });
  });
});
