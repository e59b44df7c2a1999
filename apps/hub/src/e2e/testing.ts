import { createTemporaryDirectory, createTestDatabase } from '@inthub/testing';
import { type StartOptions, startHub } from '../app.ts';
import { readConfig } from '../config.ts';
import { migrate } from '../database/database.ts';
import { silentLog } from '../database/testing.ts';

export const adminKey = 'test-admin-key-0123456789abcdef0123456789';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into bodies of every shape.
  readonly body: any;
}

export interface TestHub {
  readonly url: string;
  readonly databaseUrl: string;
  /** Every log line so far. */
  readonly logs: readonly string[];
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  stop(): Promise<void>;
}

/** A whole hub in this process on a database of its own, talked to over HTTP as a user would. */
export async function startTestHub(
  environment: Record<string, string> = {},
  options: Omit<StartOptions, 'logDestination'> = {},
): Promise<TestHub> {
  const database = await createTestDatabase({
    template: { key: 'hub', prepare: async (url) => void (await migrate(url, { log: silentLog })) },
  });
  const directory = createTemporaryDirectory('hub');
  const logs: string[] = [];
  const hub = await startHub(
    readConfig({
      HUB_PORT: '0',
      HUB_DATA_DIR: directory.path,
      DATABASE_URL: database.url,
      HUB_BOOTSTRAP_API_KEY: adminKey,
      HUB_EGRESS_ALLOW: '127.0.0.0/8,localhost',
      LOG_LEVEL: 'debug',
      // No health checks by themselves: a test counts its own.
      HUB_ROLES: 'api',
      ...environment,
    }),
    { ...options, logDestination: { write: (line) => void logs.push(line) } },
  );

  return {
    url: hub.url,
    databaseUrl: database.url,
    logs,
    async call(method, path, body, headers = {}) {
      const response = await fetch(`${hub.url}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${adminKey}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
      const text = await response.text();
      const isJson = response.headers.get('content-type')?.includes('json') ?? false;
      return { status: response.status, headers: response.headers, text, body: isJson ? JSON.parse(text) : text };
    },
    async stop() {
      await hub.stop();
      await database.drop();
      directory.remove();
    },
  };
}
