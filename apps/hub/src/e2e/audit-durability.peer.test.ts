import { join } from 'node:path';
import {
  createTemporaryDirectory,
  createTestDatabase,
  findFreePort,
  type StartedChild,
  startChild,
  waitUntilReady,
} from '@inthub/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

// The built hub as a process of its own on an external database, killed at its busiest. `npm test` builds it first.
const main = join(import.meta.dirname, '../../dist/main.js');
const key = 'durability-admin-key-0123456789abcdef012345';
const lanes = 4;
/** The stated window is 50 ms until a batch is written, and the write itself; this is far above, for a machine that is busy. */
const generousWindowMs = 2_000;

const data = createTemporaryDirectory('durability');
let database: Awaited<ReturnType<typeof createTestDatabase>>;
let port: number;
let hub: StartedChild;

async function start(): Promise<void> {
  hub = await startChild({
    command: process.execPath,
    args: [main],
    env: {
      PATH: process.env['PATH'] ?? '',
      HUB_PORT: String(port),
      HUB_DATA_DIR: data.path,
      HUB_BOOTSTRAP_API_KEY: key,
      HUB_ROLES: 'api',
      DATABASE_URL: database.url,
    },
  });
  const isReady = () => (hub.logs().includes('is ready at') ? true : undefined);
  await waitUntilReady(hub, { name: 'hub', probe: isReady, timeoutMs: 60_000 });
}

beforeAll(async () => {
  database = await createTestDatabase();
  port = await findFreePort();
  await start();
});
afterAll(async () => {
  await hub.stop();
  await database.drop();
  data.remove();
});

async function call(method: string, path: string, body?: unknown, requestId?: string) {
  const response = await fetch(`http://127.0.0.1:${port}/api/v1${path}`, {
    method,
    headers: {
      authorization: `Bearer ${key}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(requestId === undefined ? {} : { 'x-request-id': requestId }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  // biome-ignore lint/suspicious/noExplicitAny: bodies of every shape.
  return { status: response.status, body: (await response.json()) as any };
}

const create = (name: string, requestId?: string) =>
  call(
    'POST',
    '/integrations',
    {
      type: 'test.inmemory',
      name,
      config: { endpoint: 'http://inmemory.invalid', authMode: 'none' },
      submit: true,
    },
    requestId,
  );

async function all<Item>(path: string): Promise<Item[]> {
  const items: Item[] = [];
  let cursor: string | null = null;
  do {
    const page: { status: number; body: { items: Item[]; nextCursor: string | null } } = await call(
      'GET',
      `${path}${path.includes('?') ? '&' : '?'}limit=100${cursor === null ? '' : `&cursor=${cursor}`}`,
    );
    expect(page.status).toBe(200);
    items.push(...page.body.items);
    cursor = page.body.nextCursor;
  } while (cursor !== null);
  return items;
}

interface Acknowledged {
  readonly requestId: string;
  readonly atMs: number;
}

describe('kill -9 in the middle of everything', () => {
  const calls: Acknowledged[][] = Array.from({ length: lanes }, () => []);
  const creates: Acknowledged[] = [];
  let killedAtMs = 0;
  let calledIds: string[];

  /** One after another, until the hub does not answer any more. */
  async function repeat(done: Acknowledged[], name: string, send: (requestId: string) => Promise<{ status: number }>) {
    for (let count = 0; ; count += 1) {
      const requestId = `${name}-${String(count).padStart(8, '0')}`;
      try {
        const { status } = await send(requestId);
        expect([200, 201]).toContain(status);
      } catch (error) {
        if (killedAtMs === 0) throw error;
        return;
      }
      done.push({ requestId, atMs: performance.now() });
    }
  }

  beforeAll(async () => {
    calledIds = await Promise.all(
      calls.map(async (_, lane) => {
        const { body } = await create(`called ${lane}`);
        expect((await call('POST', `/integrations/${body.id}/test`)).body.success).toBe(true);
        return body.id as string;
      }),
    );
    const startedAtMs = performance.now();
    const work = [
      ...calls.map((done, lane) =>
        repeat(done, `call-${lane}`, (requestId) =>
          call(
            'POST',
            `/connectors/instances/${calledIds[lane]}/execute`,
            { action: 'inmemory.echo', params: { value: lane } },
            requestId,
          ),
        ),
      ),
      repeat(creates, 'create', (requestId) => create(`made by ${requestId}`, requestId)),
    ];
    const busyEnough = () =>
      performance.now() - startedAtMs > 2 * generousWindowMs &&
      creates.length > 20 &&
      calls.every((done) => done.length > 50);
    while (!busyEnough()) await Promise.race([...work, new Promise((resolve) => setImmediate(resolve))]);

    killedAtMs = performance.now();
    process.kill(hub.pid, 'SIGKILL');
    expect(await hub.ended).toBe('SIGKILL');
    await Promise.all(work);
    await start();
  });

  it('loses no change: what was acknowledged is there, with its audit entry, and nothing is there without one', async () => {
    const integrations = await all<{ id: string; name: string }>('/integrations');
    const entries = await all<{ requestId: string; target: { id: string } }>('/audit?action=integration.create');

    const recorded = new Set(entries.map(({ requestId }) => requestId));
    expect(creates.filter(({ requestId }) => !recorded.has(requestId))).toEqual([]);
    const names = new Set(integrations.map(({ name }) => name));
    expect(creates.filter(({ requestId }) => !names.has(`made by ${requestId}`))).toEqual([]);
    expect(entries.map(({ target }) => target.id).sort()).toEqual(integrations.map(({ id }) => id).sort());
  });

  it('loses of calls only what was answered last', async () => {
    const entries = await all<{ requestId: string }>('/audit?action=action.execute');
    const recorded = new Set(entries.map(({ requestId }) => requestId));

    for (const done of calls) {
      const firstLost = done.findIndex(({ requestId }) => !recorded.has(requestId));
      const lost = firstLost === -1 ? [] : done.slice(firstLost);
      expect(lost.filter(({ requestId }) => recorded.has(requestId))).toEqual([]);
      expect(lost.filter(({ atMs }) => atMs < killedAtMs - generousWindowMs)).toEqual([]);
    }
    expect(recorded.size).toBe(entries.length);
  });

  it('leaves an unbroken chain, to which the second start adds', async () => {
    const before = await call('POST', '/audit/verify');
    await create('after the fall');
    const after = await call('POST', '/audit/verify');

    expect(before.body).toMatchObject({ intact: true, firstBroken: null });
    expect(after.body).toMatchObject({ intact: true, firstBroken: null, entries: before.body.entries + 1 });
  });
});
