import { spawn } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { HubError } from '@inthub/contracts';
import { createTemporaryDirectory, type TemporaryDirectory } from '@inthub/testing';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type HubProcess, isRunning, socketFolderOf, startHubProcess } from './embedded/hub-process.ts';
import { type EmbeddedServer, startEmbeddedServer } from './embedded-server.ts';
import { migrate } from './migrator.ts';
import { createDatabase } from './postgres-database.ts';
import { createTestTenant, silentLog } from './testing.ts';

// Creating a database writes and syncs a lot, which takes long on a busy disk.
vi.setConfig({ testTimeout: 120_000 });

const log = silentLog;

let base: TemporaryDirectory;
let dataDir: string;
let cleanUp: (() => unknown)[];

beforeEach(() => {
  base = createTemporaryDirectory('embedded-test');
  chmodSync(base.path, 0o755);
  dataDir = join(base.path, 'data');
  cleanUp = [];
});
afterEach(async () => {
  for (const step of cleanUp.reverse()) await step();
  base.remove();
});

async function start(directory = dataDir): Promise<EmbeddedServer> {
  const server = await startEmbeddedServer({ dataDir: directory, log });
  cleanUp.push(() => server.stop());
  return server;
}

async function startHub(user?: { uid: number; gid: number }): Promise<HubProcess> {
  const hub = await startHubProcess({ dataDir, ...(user && { user }) });
  cleanUp.push(() => hub.clear());
  return hub;
}

async function refusal(run: () => Promise<unknown>): Promise<HubError> {
  const error = await run().then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof HubError) return error;
  throw new Error('a HubError was expected', { cause: error });
}

async function query(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
}

async function waitUntilGone(pid: number): Promise<void> {
  await expect.poll(() => isRunning(pid), { timeout: 30_000 }).toBe(false);
}

describe('startEmbeddedServer', () => {
  it('gives a durable database that its user owns without being superuser', async () => {
    const { url } = await start();

    const [row] = await query(
      url,
      `SELECT current_user::text AS login, rolsuper, rolbypassrls, current_setting('server_version_num')::int >= 180000 AS modern,
        current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS synchronous_commit,
        current_setting('full_page_writes') AS full_page_writes, current_setting('listen_addresses') AS addresses,
        pg_encoding_to_char(encoding) AS encoding, datlocprovider, datlocale, datdba = r.oid AS is_owner
      FROM pg_roles r, pg_database WHERE rolname = current_user AND datname = current_database()`,
    );

    expect(row).toEqual({
      login: 'inthub',
      rolsuper: false,
      rolbypassrls: false,
      modern: true,
      fsync: 'on',
      synchronous_commit: 'on',
      full_page_writes: 'on',
      addresses: '',
      encoding: 'UTF8',
      datlocprovider: 'b',
      datlocale: 'C.UTF-8',
      is_owner: true,
    });
  });

  it('keeps what was written over a stop and a second start, and carries the whole schema', async () => {
    const first = await start();
    await migrate(first.url, { log });
    const database = await createDatabase({ url: first.url, log });
    const tenant = await createTestTenant(database, 'kept');
    await database.close();
    await first.stop();

    const second = await start();

    expect(await migrate(second.url, { log })).toEqual([]);
    const again = await createDatabase({ url: second.url, log });
    cleanUp.push(() => again.close());
    await expect(createTestTenant(again, 'kept')).rejects.toThrow(/duplicate key/);
    const rows = await again.tenant(tenant, ({ db }) =>
      db.withTables<{ tenants: { id: string; slug: string } }>().selectFrom('tenants').select(['id', 'slug']).execute(),
    );
    expect(rows).toEqual([{ id: tenant, slug: 'kept' }]);
  });

  it('refuses a second hub on the same directory and names the first', async () => {
    const first = await startHub();

    const error = await refusal(() => start());

    expect(error).toMatchObject({ code: 'conflict', details: { dataDir, pid: first.pid } });
    expect(error.message).toContain(`pid ${first.pid}`);
    expect(error.message).toContain(dataDir);
    expect(await query(first.said.url!, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('refuses a second start within one process too', async () => {
    await start();

    const error = await refusal(() => start());

    expect(error.message).toContain(`pid ${process.pid}`);
  });

  it('lets exactly one of several hubs in that start at once on an empty directory', async () => {
    const hubs = await Promise.all(Array.from({ length: 4 }, () => startHub()));

    const [winner, ...more] = hubs.filter(({ said }) => said.url !== undefined);
    expect(more).toEqual([]);
    expect(await query(winner!.said.url!, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    for (const { said } of hubs)
      if (said.url === undefined) expect(said.refused).toMatch(/Another hub .*is running on/);
  });

  it('starts after kill -9 of the hub, ends the server that was left, and has every committed row', async () => {
    const killed = await startHub();
    await query(killed.said.url!, 'CREATE TABLE kept AS SELECT 42 AS answer');
    await killed.kill('SIGKILL');
    expect(await query(killed.said.url!, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]); // the server lives on

    const { url } = await start();

    expect(await query(url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
    await waitUntilGone(killed.said.pid!);
    await expect(query(killed.said.url!, 'SELECT 1')).rejects.toThrow(/ENOENT|ECONNREFUSED/);
  });

  it('recovers when hub and server were both killed, and leaves alone the process that has the pid now', async () => {
    const killed = await startHub();
    await query(killed.said.url!, 'CREATE TABLE kept AS SELECT 42 AS answer');
    await killed.kill('SIGKILL');
    process.kill(killed.said.pid!, 'SIGKILL');
    await waitUntilGone(killed.said.pid!);
    const bystander = spawn('sleep', ['60']);
    cleanUp.push(() => bystander.kill());
    const pidFile = join(dataDir, 'postgres', 'data', 'postmaster.pid');
    const { uid, gid } = statSync(pidFile);
    writeFileSync(pidFile, readFileSync(pidFile, 'utf8').replace(/^\d+/, String(bystander.pid)));
    chownSync(pidFile, uid, gid);

    const { url } = await start();

    expect(await query(url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
    expect(bystander.exitCode ?? bystander.signalCode).toBeNull();
  });

  it('ends the server with a hub that exits without stopping it', async () => {
    const hub = await startHub();

    await hub.kill('SIGTERM');

    await waitUntilGone(hub.said.pid!);
  });

  it('starts again after a stop within one process, and leaves no socket folder', async () => {
    const first = await start();
    const socketFolder = socketFolderOf(first.url);
    expect(statSync(socketFolder).mode & 0o777).toBe(0o700);

    await first.stop();
    await first.stop();

    expect(existsSync(socketFolder)).toBe(false);
    expect(readdirSync(dataDir).sort()).toEqual(['postgres', 'postgres.lock']);
    await start();
  });

  it('makes a whole database after a first start that was interrupted', async () => {
    const first = await start();
    await first.stop();
    const folder = join(dataDir, 'postgres');
    rmSync(join(folder, 'data', 'global'), { recursive: true });
    cpSync(join(folder, 'data'), join(folder, 'data.new-abc123'), { recursive: true });
    rmSync(join(folder, 'data'), { recursive: true });

    const { url } = await start();

    expect(await query(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect(readdirSync(folder).sort()).toEqual(['data', 'hba.conf', 'ident.conf']);
  });

  it('refuses a database of another PostgreSQL version, and frees the directory', async () => {
    const first = await start();
    await first.stop();
    const version = join(dataDir, 'postgres', 'data', 'PG_VERSION');
    const original = readFileSync(version, 'utf8');
    writeFileSync(version, '17\n');

    const error = await refusal(() => start());

    expect(error.message).toMatch(/was made by PostgreSQL 17; this release brings \d+/);
    writeFileSync(version, original);
    await start();
  });

  it('says why when the server cannot start', async () => {
    const first = await start();
    await first.stop();
    rmSync(join(dataDir, 'postgres', 'data', 'global', 'pg_control'));

    const error = await refusal(() => start());

    expect(error.message).toMatch(/did not start: .*pg_control/);
  });

  it('says why when the directory cannot be made', async () => {
    writeFileSync(join(base.path, 'file'), '');

    const error = await refusal(() => start(join(base.path, 'file', 'data')));

    expect(error.message).toMatch(/The data directory .*file\/data cannot be used: .*ENOTDIR/);
  });
});
