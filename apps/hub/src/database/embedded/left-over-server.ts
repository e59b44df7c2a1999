import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readlinkSync, realpathSync, rmSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type Clock, HubError } from '@inthub/contracts';
import type { DatabaseLog } from '../database-log.ts';
import { commandEnvironment } from './server-user.ts';

/** Folders for sockets are named so, and only folders named so are removed. */
export const socketFolderPrefix = 'inthub-socket-';

export interface EndLeftOverServerOptions {
  /** PostgreSQL's data directory. */
  data: string;
  log: DatabaseLog;
  clock: Clock;
}

/**
 * Ends the server that a hub left behind on `data` when it was killed, and clears up after it. It is stopped rather than taken
 * over, because another release may have started it with other programs and settings. The caller holds the directory's lock, so
 * no living hub uses the server.
 * @throws HubError `internal` when it does not end.
 */
export async function endLeftOverServer({ data, log, clock }: EndLeftOverServerOptions): Promise<void> {
  const pidFile = join(data, 'postmaster.pid');
  const left = readPidFile(pidFile);
  if (left === undefined) return;
  if (isServerOf(left.pid, data)) {
    log.info({ pid: left.pid, data }, 'stopping the database server that a killed hub left behind');
    // Fast shutdown ends its sessions and saves; immediate shutdown leaves saving to the recovery at the next start.
    const target = { pid: left.pid, data, clock };
    const hasEnded =
      (await end({ ...target, signal: 'SIGINT', patienceMs: 30_000 })) ||
      (await end({ ...target, signal: 'SIGQUIT', patienceMs: 10_000 }));
    if (!hasEnded) {
      throw new HubError(
        'internal',
        `The database server (pid ${left.pid}) that was left behind on ${data} does not end. End it by hand.`,
      );
    }
  }
  // A server that died without removing the file: its pid may belong to any other process by now, and PostgreSQL would then
  // take that one for a running server.
  rmSync(pidFile, { force: true });
  if (basename(left.socketFolder).startsWith(socketFolderPrefix)) {
    rmSync(left.socketFolder, { recursive: true, force: true });
  }
}

function readPidFile(path: string): { pid: number; socketFolder: string } | undefined {
  if (!existsSync(path)) return undefined;
  // PostgreSQL documentation, "Database File Layout", and src/include/utils/pidfile.h: line 1 pid, line 5 socket directory.
  const lines = readFileSync(path, 'utf8').split('\n');
  return { pid: Number(lines[0]), socketFolder: lines[4]?.trim() ?? '' };
}

/** A server changes into its data directory and belongs to the directory's owner. Pids are reused, so both are asked of the system. */
function isServerOf(pid: number, data: string): boolean {
  if (!Number.isInteger(pid) || pid <= 1) return false;
  if (existsSync('/proc/self/cwd')) {
    try {
      return (
        readlinkSync(`/proc/${pid}/cwd`) === realpathSync(data) && statSync(`/proc/${pid}`).uid === statSync(data).uid
      );
    } catch {
      return false; // Gone, or somebody else's.
    }
  }
  const { stdout } = spawnSync('ps', ['-p', String(pid), '-o', 'args='], { encoding: 'utf8', env: commandEnvironment });
  return stdout?.includes(`-D ${data}`) ?? false;
}

async function end({ pid, data, clock, signal, patienceMs }: EndOptions): Promise<boolean> {
  process.kill(pid, signal);
  const step = 20;
  for (let waited = 0; waited < patienceMs; waited += step) {
    // Not kill(pid, 0): that also answers for a process that has ended and that nobody has collected yet.
    if (!isServerOf(pid, data)) return true;
    await clock.sleep(step);
  }
  return false;
}

interface EndOptions {
  pid: number;
  data: string;
  clock: Clock;
  signal: NodeJS.Signals;
  patienceMs: number;
}
