/** A real NATS server with JetStream on 127.0.0.1. */
import { connect } from 'node:net';
import { type StartedChild, startChild, waitUntilReady } from './child.ts';
import { getCommand } from './debian-packages.ts';
import { findFreePort } from './free-port.ts';
import { createTemporaryDirectory } from './temporary-directory.ts';

export interface Nats {
  /** `nats://127.0.0.1:port`. */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Kills the process at once; `restart()` brings it back on the same port, with what its streams hold. */
  kill(): Promise<void>;
  restart(): Promise<void>;
  stop(): Promise<void>;
  logs(): string;
}

/** Starts a server and resolves once it answers. Throws when no package provides it (see `peersOrSkip(['nats-server'])`). */
export async function startNats(): Promise<Nats> {
  const command = getCommand('nats-server');
  const directory = createTemporaryDirectory('nats');
  let child: StartedChild;
  let port = 0;

  async function start(): Promise<StartedChild> {
    const args = ['--addr', '127.0.0.1', '--port', String(port), '--jetstream', '--store_dir', directory.path];
    const started = await startChild({ command, args, cwd: directory.path });
    await waitUntilReady(started, { name: 'nats', probe: () => isGreeting(port) });
    return started;
  }

  /** Another process may take the free port first. */
  async function startOnFreePort(): Promise<StartedChild> {
    for (let attempt = 1; ; attempt += 1) {
      port = await findFreePort();
      try {
        return await start();
      } catch (error) {
        if (attempt === 3 || !/in use/.test(String(error))) throw error;
      }
    }
  }

  try {
    child = await startOnFreePort();
  } catch (error) {
    directory.remove();
    throw error;
  }
  return {
    url: `nats://127.0.0.1:${port}`,
    port,
    get pid() {
      return child.pid;
    },
    async kill() {
      if (!child.exited) process.kill(child.pid, 'SIGKILL');
      await child.ended;
    },
    async restart() {
      child = await start();
    },
    async stop() {
      await child.stop();
      directory.remove();
    },
    logs: () => child.logs(),
  };
}

/** The server speaks first: `INFO {…}`. */
async function isGreeting(port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', timeout: 2_000 });
    socket.setEncoding('utf8').once('data', (chunk: string) => {
      socket.destroy();
      resolve(chunk.startsWith('INFO '));
    });
    socket
      .once('timeout', () => socket.destroy())
      .once('close', () => resolve(false))
      .once('error', reject);
  });
}
