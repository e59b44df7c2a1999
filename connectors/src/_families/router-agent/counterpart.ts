/** A real nginx or HAProxy with the real agent beside it, for the peer tests and `npm run try`. */
import { createServer } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import type { ConnectorDefinition } from '@inthub/connector-sdk';
import { type Counterpart, createLoopbackTransport, createMockGateway } from '@inthub/connector-sdk/testing';
import { startAgent } from '@inthub/router-agent';
import { listenOnLoopback, requirePeers, startHaproxy, startNginx } from '@inthub/testing';

const token = 'test-router-agent-token-0123456789abcdef';
const routers = {
  nginx: { name: 'nginx', start: startNginx },
  haproxy: { name: 'HAProxy', start: startHaproxy },
} as const;

/**
 * Two upstreams, `app` (weights 90 and 10) and `spare`, on which a shift is under way.
 *
 * @throws where the router is missing and cannot be installed, with what to install.
 */
export async function startRouterCounterpart(connector: ConnectorDefinition): Promise<Counterpart> {
  const product = connector.manifest.id as keyof typeof routers;
  await requirePeers([product]);
  const { name, start } = routers[product];
  const served = await listenOnLoopback(createServer((_request, response) => response.end('ok')));
  const { port } = served;
  const names = product === 'nginx' ? [`127.0.0.1:${port}`, `localhost:${port}`] : ['blue', 'green'];
  const [one = '', other = ''] = names;
  const router = await start({
    upstreams: ['app', 'spare'].map((upstream) => block(product, upstream, port)).join('\n'),
  });
  const { configFile, pidFile, program, socketPath, stateDir } = router;
  const files = { configFile, managedFile: configFile, pidFile, socketPath, program, stateDir, probeUrl: router.url };
  const agent = await startAgent({ ...files, product, host: '127.0.0.1', port: 0, token, tls: undefined });
  const at = {
    respond: createLoopbackTransport(),
    config: { endpoint: agent.url, authMode: 'token' },
    credential: { kind: 'bearer_token', token } as const,
  };
  const id = await beginShift(createMockGateway({ connector, ...at }), product, other);
  return {
    name: `a real ${name} behind the router agent`,
    proof: 'real',
    ...at,
    inputs: {
      'upstream.list': {},
      'upstream.get': { upstream: 'app' },
      'weight.set': { upstream: 'app', weights: { [one]: 50, [other]: 50 } },
      'backend.add': { upstream: 'app', address: '127.0.0.2', port, weight: 1 },
      'backend.remove': { upstream: 'app', backend: other },
      'config.validate': {},
      'config.reload': {},
      rollback: {},
      [`${product}.shift.start`]: { upstream: 'app', weights: { [one]: 100 }, steps: [50, 100], pauseSeconds: 0 },
      [`${product}.shift.get`]: { id },
      [`${product}.shift.abort`]: { id },
    },
    async stop() {
      await agent.stop();
      await router.stop();
      await served.stop();
    },
  };
}

function block(product: keyof typeof routers, upstream: string, port: number): string {
  return product === 'nginx'
    ? `upstream ${upstream} {\n  server 127.0.0.1:${port} weight=90;\n  server localhost:${port} weight=10;\n}`
    : `backend ${upstream}\n  server blue 127.0.0.1:${port} weight 90\n  server green localhost:${port} weight 10`;
}

/** One that stays at its first step, so that it can be looked at and aborted; the step leaves a revision to go back to. */
async function beginShift(
  gateway: Pick<ReturnType<typeof createMockGateway>, 'run'>,
  product: keyof typeof routers,
  backend: string,
): Promise<string> {
  const wanted = { upstream: 'spare', weights: { [backend]: 100 }, steps: [50, 100], pauseSeconds: 3_600 };
  const { id } = (await gateway.run(`${product}.shift.start`, wanted)) as { id: string };
  for (;;) {
    const { step, state, message } = (await gateway.run(`${product}.shift.get`, { id })) as {
      step: number;
      state: string;
      message: string;
    };
    if (state !== 'running') throw new Error(`The shift did not begin: ${message}`);
    if (step === 1) return id;
    await wait(20);
  }
}
