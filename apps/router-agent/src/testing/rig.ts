/** What the peer tests share: three backends that say who they are, a router before them, an agent beside it, and a load. */
import { createServer, get, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Router, startHaproxy, startNginx } from '@inthub/testing';
import { type RunningAgent, startAgent } from '../start-agent.ts';

const token = 'test-router-agent-token-0123456789abcdef';

export interface Rig {
  readonly router: Router;
  readonly agent: RunningAgent;
  /** Names of blue and green as the router knows them; violet is no backend yet. */
  readonly blue: string;
  readonly green: string;
  readonly violetPort: number;
  call(method: string, path: string, body?: unknown): Promise<{ status: number; body: Record<string, unknown> }>;
  /** Who answered each of so many requests. */
  ask(count: number): Promise<readonly string[]>;
  /** Sends requests without a break until stopped; resolves with what went wrong. */
  load(): { stop(): Promise<{ sent: number; failures: readonly string[] }> };
  /** A second agent in the place of the first, as after a crash. */
  restartAgent(): Promise<void>;
  stop(): Promise<void>;
}

export async function startRig(product: 'nginx' | 'haproxy'): Promise<Rig> {
  const backends = await Promise.all(['blue', 'green', 'violet'].map(startBackend));
  const [bluePort = 0, greenPort = 0, violetPort = 0] = backends.map(({ port }) => port);
  const isNginx = product === 'nginx';
  const upstreams = isNginx
    ? `  upstream app {\n    server 127.0.0.1:${bluePort} weight=100;\n    server 127.0.0.1:${greenPort} down;\n  }`
    : `backend app\n  balance roundrobin\n  server blue 127.0.0.1:${bluePort} weight 100\n  server green 127.0.0.1:${greenPort} weight 0`;
  const router = await (isNginx ? startNginx : startHaproxy)({ upstreams });
  const start = () =>
    startAgent({
      product,
      configFile: router.configFile,
      managedFile: router.configFile,
      pidFile: router.pidFile,
      socketPath: router.socketPath,
      program: router.program,
      stateDir: router.stateDir,
      host: '127.0.0.1',
      port: 0,
      token,
      tls: undefined,
      probeUrl: `${router.url}/probe`,
    });
  let agent = await start();

  const whoAnswers = () => askOnce(router.url);
  return {
    router,
    get agent() {
      return agent;
    },
    blue: isNginx ? `127.0.0.1:${bluePort}` : 'blue',
    green: isNginx ? `127.0.0.1:${greenPort}` : 'green',
    violetPort,
    async call(method, path, body) {
      // rule-ok: one-door-out this is the caller that a test stands for
      const response = await fetch(`${agent.url}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return { status: response.status, body: (await response.json()) as Record<string, unknown> };
    },
    async ask(count) {
      const names: string[] = [];
      for (let at = 0; at < count; at += 1) names.push(await whoAnswers());
      return names;
    },
    load() {
      let isOn = true;
      let sent = 0;
      const failures: string[] = [];
      const drive = async () => {
        while (isOn) {
          sent += 1;
          await whoAnswers().catch((error: unknown) => failures.push(String(error)));
        }
      };
      const drivers = [drive(), drive(), drive(), drive()];
      return {
        async stop() {
          isOn = false;
          await Promise.all(drivers);
          return { sent, failures };
        },
      };
    },
    async restartAgent() {
      await agent.stop();
      agent = await start();
    },
    async stop() {
      await agent.stop();
      await router.stop();
      for (const { server } of backends) server.close().closeAllConnections();
    },
  };
}

/**
 * On a connection of its own: a router that reloads closes idle connections, and a client that keeps them has to send again by itself
 * (RFC 9112 §9.3.1).
 */
function askOnce(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    get(url, { agent: false, headers: { connection: 'close' } }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('error', reject);
      response.on('end', () =>
        response.statusCode === 200 ? resolve(text) : reject(new Error(`${response.statusCode} ${text.slice(0, 100)}`)),
      );
    }).on('error', reject);
  });
}

function startBackend(name: string): Promise<{ server: Server; port: number }> {
  const server = createServer((request, response) => response.end(request.url === '/probe' ? 'ok' : name));
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve({ server, port: (server.address() as AddressInfo).port }));
  });
}
