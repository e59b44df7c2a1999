import { type ChildProcess, spawn } from 'node:child_process';
import { chownSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type Clock, HubError } from '@inthub/contracts';
import type { DatabaseLog } from '../database-log.ts';
import { endLeftOverServer, socketFolderPrefix } from './left-over-server.ts';
import type { ServerLocation } from './server-location.ts';
import { canReach, commandEnvironment, type ServerUser } from './server-user.ts';

export interface ServerProcess {
  readonly pid: number;
  /** Folder of the one socket that the server listens on, reachable for its user and the hub's alone. */
  readonly socketFolder: string;
  /** Ends sessions, saves, and waits until the server is gone. May be called twice. */
  stop(): Promise<void>;
}

export interface StartServerProcessOptions {
  location: ServerLocation;
  bin: string;
  log: DatabaseLog;
  clock: Clock;
}

// Beside PostgreSQL's defaults, which are durable (fsync, synchronous_commit, full_page_writes).
const settings = {
  // A socket in a private folder and no port: nothing to choose, to collide with or to attack.
  listen_addresses: '',
  unix_socket_permissions: '0700',
  max_connections: '100',
  shared_buffers: '128MB',
  jit: 'off', // costs more than it saves on short queries
  timezone: 'UTC',
  log_timezone: 'UTC',
  lc_messages: 'C',
  log_line_prefix: '',
  // Messages only: statements and details hold row data.
  log_error_verbosity: 'terse',
  log_min_error_statement: 'panic',
  logging_collector: 'off',
};

const recoveryPatienceMs = 600_000;
const stopPatienceMs = 30_000;

/**
 * Starts `postgres` and waits until it takes connections. The caller holds the directory's lock.
 * @throws HubError `internal` with the server's own last words.
 */
export async function startServerProcess(options: StartServerProcessOptions): Promise<ServerProcess> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await launch(options);
    } catch (error) {
      // What a killed hub left may show only now: a server that had not yet written its pid, or the children of a killed one,
      // which end after a moment and hold its memory until then.
      const isLeftOver = error instanceof HubError && /shared memory block|postmaster\.pid/.test(error.message);
      if (!isLeftOver || attempt === 25) throw error;
      await options.clock.sleep(200);
      await endLeftOverServer({ ...options, data: options.location.data });
    }
  }
}

async function launch({ location, bin, log, clock }: StartServerProcessOptions): Promise<ServerProcess> {
  const { folder, data, user } = location;
  const socketFolder = makeSocketFolder(user);
  const given = {
    ...settings,
    unix_socket_directories: socketFolder,
    hba_file: join(folder, 'hba.conf'),
    ident_file: join(folder, 'ident.conf'),
  };
  const flags = Object.entries(given).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const child = spawn(join(bin, 'postgres'), ['-D', data, ...flags], {
    ...user,
    cwd: folder,
    env: commandEnvironment,
    stdio: ['ignore', 'ignore', 'pipe'],
    // A session of its own: Ctrl-C in the hub's terminal must reach the hub alone, which still has to save.
    detached: true,
  });
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    // 'close' and not 'exit': its last words have been read then.
    child.once('close', (code, signal) => resolve(`it ended with ${signal ?? `code ${code}`}`));
  });
  const lastWords = forwardLog(child, log);
  // Without a stop() (an exit after a fault) the server is told at least; it saves by itself.
  const onExit = (): void => void child.kill('SIGINT');
  process.once('exit', onExit);
  void ended.then(() => {
    process.removeListener('exit', onExit);
    rmSync(socketFolder, { recursive: true, force: true });
  });

  const patience = new AbortController();
  const failure = await Promise.race([
    lastWords.ready,
    ended,
    clock.sleep(recoveryPatienceMs, patience.signal).then(() => 'it did not get ready'),
  ]);
  patience.abort();
  if (failure !== undefined) {
    child.kill('SIGQUIT');
    await ended;
    throw new HubError('internal', `The embedded database did not start: ${failure}. ${lastWords.text()}`.trim());
  }
  let isStopping = false;
  void ended.then((how) => {
    if (!isStopping) log.error({ pid: child.pid, how }, 'the embedded database ended by itself; restart the hub');
  });
  return {
    pid: child.pid ?? 0,
    socketFolder,
    async stop() {
      isStopping = true;
      child.kill('SIGINT'); // fast shutdown
      const patience = new AbortController();
      const outcome = await Promise.race([ended, clock.sleep(stopPatienceMs, patience.signal)]);
      patience.abort();
      if (outcome === undefined) {
        log.warn({ pid: child.pid }, 'the embedded database takes long to stop; it will recover at the next start');
        child.kill('SIGQUIT'); // immediate shutdown
      }
      await ended;
    },
  };
}

/** Passes the server's messages on to the hub's log, and keeps the last for an error message. */
function forwardLog(child: ChildProcess, log: DatabaseLog): { ready: Promise<undefined>; text(): string } {
  const last: string[] = [];
  const ready = new Promise<undefined>((resolve) => {
    if (child.stderr === null) return;
    createInterface({ input: child.stderr }).on('line', (raw) => {
      const line = raw.slice(0, 1000);
      if (last.push(line) > 5) last.shift();
      if (/^(?:FATAL|PANIC):/.test(line)) log.warn({ line }, 'message of the embedded database');
      else log.debug({ line }, 'message of the embedded database');
      if (line.includes('ready to accept connections')) resolve(undefined);
    });
  });
  return { ready, text: () => last.join(' ') };
}

/** In the folder for temporary files: the path of a socket may have 103 bytes at most, and volumes often take no sockets. */
function makeSocketFolder(user: ServerUser | undefined): string {
  const room = 103 - `/${socketFolderPrefix}XXXXXX/.s.PGSQL.5432`.length;
  const base = [tmpdir(), '/tmp', '/var/tmp'].find(
    (folder) => Buffer.byteLength(folder) <= room && (user === undefined || canReach(folder, user)),
  );
  if (base === undefined) {
    throw new HubError(
      'internal',
      `The embedded database finds no folder for its socket: ${tmpdir()} has a path over ${room} bytes or is closed to its user, and so is /tmp. Set TMPDIR.`,
    );
  }
  const folder = mkdtempSync(join(base, socketFolderPrefix)); // mode 0700
  if (user !== undefined) chownSync(folder, user.uid, user.gid);
  return folder;
}
