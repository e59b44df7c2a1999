/** A real Valkey, or Debian's redis-server 7 where the machine has no Valkey, on 127.0.0.1; the two speak the same protocol. */
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { type StartedChild, startChild, waitUntilReady } from './child.ts';
import { findCommand, getCommand } from './debian-packages.ts';
import { findFreePort } from './free-port.ts';
import { createTemporaryDirectory } from './temporary-directory.ts';

export interface StartValkeyOptions {
  /** Asked of every client. Default: none. */
  password?: string;
  /** Keeps every write in a file that outlives `restart()`. Default false. */
  appendOnly?: boolean;
  /** A cluster of this one node, holding all slots: refuses scripts whose keys lie in several. Default false. */
  cluster?: boolean;
  /** Further lines of the configuration file, such as `maxmemory 8mb`. */
  config?: readonly string[];
}

export interface Valkey {
  /** `redis://[:password@]127.0.0.1:port`, no slash at the end. */
  readonly url: string;
  readonly port: number;
  /** Where the nodes of a cluster talk to it; 0 for a server that stands alone. */
  readonly busPort: number;
  readonly pid: number;
  /** Stops the process in its tracks: connections stay open and nothing answers. */
  pause(): void;
  resume(): void;
  /** Kills the process at once; `restart()` brings it back on the same port. */
  kill(): Promise<void>;
  /** Starts it again, with what the append-only file holds and nothing else. */
  restart(): Promise<void>;
  stop(): Promise<void>;
  logs(): string;
}

/** Starts a server and resolves once it answers. Throws when no package provides it (see `peersOrSkip(['redis-server'])`). */
export async function startValkey(options: StartValkeyOptions = {}): Promise<Valkey> {
  const { password, cluster = false } = options;
  const command = findCommand('valkey-server') ?? getCommand('redis-server');
  const directory = createTemporaryDirectory('valkey');
  let child: StartedChild;
  let port = 0;
  /** Of the cluster's own talk; by default 10 000 above the other, which may be too high. */
  let busPort = 0;

  async function start(): Promise<StartedChild> {
    const file = join(directory.path, 'server.conf');
    writeFileSync(file, configuration(options, { port, busPort }, directory.path), { mode: 0o600 });
    const started = await startChild({ command, args: [file], cwd: directory.path });
    const hello = password === undefined ? 'PING\r\n' : `AUTH ${password}\r\nPING\r\n`;
    await waitUntilReady(started, {
      name: 'valkey',
      probe: async () => /\+PONG/.test(await say(port, hello, /PONG|-/)),
    });
    return started;
  }

  /** The server takes no port 0, and another process may take the free one first. */
  async function startOnFreePort(): Promise<StartedChild> {
    for (let attempt = 1; ; attempt += 1) {
      port = await findFreePort();
      busPort = cluster ? await findFreePort() : 0;
      try {
        return await start();
      } catch (error) {
        if (attempt === 3 || !/in use/.test(String(error))) throw error;
      }
    }
  }

  try {
    child = await startOnFreePort();
    if (cluster) {
      await say(port, 'CLUSTER ADDSLOTSRANGE 0 16383\r\n', /OK/);
      await waitUntilReady(child, {
        name: 'valkey cluster',
        probe: async () => /cluster_state:ok/.test(await say(port, 'CLUSTER INFO\r\n', /cluster_known_nodes/)),
      });
    }
  } catch (error) {
    directory.remove();
    throw error;
  }

  return {
    url: `redis://${password === undefined ? '' : `:${encodeURIComponent(password)}@`}127.0.0.1:${port}`,
    port,
    busPort,
    get pid() {
      return child.pid;
    },
    pause: () => void process.kill(child.pid, 'SIGSTOP'),
    resume: () => void process.kill(child.pid, 'SIGCONT'),
    async kill() {
      if (!child.exited) process.kill(child.pid, 'SIGKILL');
      await child.ended;
    },
    async restart() {
      child = await start();
    },
    async stop() {
      if (!child.exited) process.kill(child.pid, 'SIGCONT');
      await child.stop();
      directory.remove();
    },
    logs: () => child.logs(),
  };
}

function configuration(
  options: StartValkeyOptions,
  { port, busPort }: { port: number; busPort: number },
  directory: string,
): string {
  const { password, appendOnly = false, cluster = false, config = [] } = options;
  return [
    'bind 127.0.0.1',
    `port ${port}`,
    `dir ${directory}`,
    'save ""',
    `appendonly ${appendOnly ? 'yes' : 'no'}`,
    'appendfsync always',
    ...(password === undefined ? [] : [`requirepass ${password}`]),
    ...(cluster ? ['cluster-enabled yes', `cluster-port ${busPort}`, 'cluster-announce-ip 127.0.0.1'] : []),
    ...config,
    '',
  ].join('\n');
}

/** Sends inline commands and resolves with what came until `until` matched, or after two seconds with what there is. */
async function say(port: number, text: string, until: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    let heard = '';
    const socket = connect({ port, host: '127.0.0.1', timeout: 2_000 }, () => socket.write(text));
    const end = () => {
      socket.destroy();
      resolve(heard);
    };
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      heard += chunk;
      if (until.test(heard)) end();
    });
    socket.once('timeout', end).once('close', end).once('error', reject);
  });
}
