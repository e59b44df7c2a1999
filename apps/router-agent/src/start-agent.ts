import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createAgent } from './agent.ts';
import { agentClock } from './agent-clock.ts';
import { createHaproxy } from './haproxy/haproxy.ts';
import { createNginx } from './nginx/nginx.ts';
import type { AgentOptions } from './options.ts';
import { openRevisions } from './revisions.ts';
import { createServer } from './server.ts';
import { createShifts } from './shifts.ts';

export interface RunningAgent {
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts an agent: recovers what an earlier life left undone, then serves. */
export async function startAgent(
  options: AgentOptions,
  log: (message: string, fields: object) => void = () => undefined,
): Promise<RunningAgent> {
  const { configFile, pidFile, program, socketPath = '', managedFile, stateDir, probeUrl, tls } = options;
  const clock = agentClock;
  const product =
    options.product === 'nginx'
      ? createNginx({ program, configFile, pidFile, clock })
      : createHaproxy({ program, configFile, pidFile, socketPath, clock });
  const revisions = await openRevisions(managedFile, stateDir);
  const agent = createAgent({
    product,
    revisions,
    log,
    ...(probeUrl === undefined ? {} : { probe: () => probe(probeUrl) }),
  });
  await agent.recover();
  const shifts = createShifts({ agent, clock });
  const server = createServer({ agent, shifts, token: options.token, ...(tls === undefined ? {} : { tls }) });
  await server.listen({ host: options.host, port: options.port });
  const { port } = server.server.address() as AddressInfo;
  const host = options.host.includes(':') ? `[${options.host}]` : options.host;
  return {
    url: `${tls === undefined ? 'http' : 'https'}://${host}:${port}`,
    async stop() {
      await shifts.close();
      await server.close();
    },
  };
}

const probePatienceMs = 5_000;

/** @throws when the router does not answer, or with 500 or above. */
function probe(url: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const send = url.startsWith('https:') ? httpsRequest : httpRequest;
    const request = send(url, { timeout: probePatienceMs, agent: false }, (response) => {
      response.resume();
      const status = response.statusCode ?? 0;
      if (status < 500) resolve();
      else reject(new Error(`the probe ${url} was answered with ${status}`));
    });
    request.on('timeout', () => request.destroy(new Error(`the probe ${url} was not answered`)));
    request.on('error', reject);
    request.end();
  });
}
