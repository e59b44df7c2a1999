/** The built hub as a process of its own, on a PostgreSQL of its own, to be killed. `npm test` builds it first. */
import { join } from 'node:path';
import {
  createTemporaryDirectory,
  type EmbeddedServer,
  findFreePort,
  type StartedChild,
  startChild,
  startEmbeddedServer,
  waitUntilReady,
} from '@inthub/testing';

/** 3 in CI; `npm run crash:ingest` and `crash:dispatch` set it for long runs. */
export const rounds = Number(process.env['INTHUB_CRASH_ROUNDS'] ?? 2);
const main = join(import.meta.dirname, '../../dist/main.js');
const key = 'crash-admin-key-0123456789abcdef0123456789';

export interface CrashRig {
  readonly postgres: EmbeddedServer;
  /** The hub's address; it stays the same through all its lives. */
  readonly url: string;
  /** The present life of the hub. */
  readonly hub: StartedChild;
  startHub(): Promise<void>;
  /** SIGKILL; does not wait for the end. */
  killHub(): void;
  /** A request to the API below `/api/v1`: the body of the answer. @throws unless it is 2xx. */
  // biome-ignore lint/suspicious/noExplicitAny: bodies of every shape.
  call(method: string, path: string, body?: unknown): Promise<any>;
  stop(): Promise<void>;
}

/** @param environment Beside what every hub of these tests has. */
export async function startCrashRig(name: string, environment: Record<string, string> = {}): Promise<CrashRig> {
  const data = createTemporaryDirectory(name);
  const port = await findFreePort();
  // Durable: a server that forgets commits by itself would lose what nobody could deliver.
  const postgres = await startEmbeddedServer({ durable: true });
  const url = `http://127.0.0.1:${port}`;

  async function startHub(): Promise<StartedChild> {
    const started = await startChild({
      command: process.execPath,
      args: [main],
      env: {
        PATH: process.env['PATH'] ?? '',
        HUB_PORT: String(port),
        HUB_DATA_DIR: join(data.path, 'hub'),
        HUB_BOOTSTRAP_API_KEY: key,
        DATABASE_URL: postgres.adminUrl,
        LOG_LEVEL: 'error',
        ...environment,
      },
    });
    const isReady = () => (started.logs().includes('is ready at') ? true : undefined);
    await waitUntilReady(started, { name: 'hub', probe: isReady, timeoutMs: 120_000 });
    return started;
  }

  let hub = await startHub();
  return {
    postgres,
    url,
    get hub() {
      return hub;
    },
    async startHub() {
      hub = await startHub();
    },
    killHub() {
      process.kill(hub.pid, 'SIGKILL');
    },
    async call(method, path, body) {
      const response = await fetch(`${url}/api/v1${path}`, {
        method,
        headers: {
          authorization: `Bearer ${key}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
      return JSON.parse(text);
    },
    async stop() {
      await hub.stop();
      await postgres.stop();
      data.remove();
    },
  };
}
