import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type Clock, HubError } from '@inthub/contracts';

export interface DirectoryLock {
  /** May be called twice. */
  release(): void;
}

interface Owner {
  pid: number;
  host: string;
  since: string;
}

const sqliteBusy = 5;

/**
 * Takes the data directory for this process, until it releases the lock or dies in whatever way.
 *
 * It is the kernel's lock on a file, taken through SQLite because Node has no call for it: free of races between two hubs that
 * start at once, gone with the process that held it (so nothing is ever stale), and seen by other containers that share the
 * volume, which a file with a pid in it is not.
 * @throws HubError `conflict` when another hub has it, naming its pid; `internal` when the directory cannot be used.
 */
export function lockDirectory(dataDir: string, clock: Clock): DirectoryLock {
  const note = join(dataDir, 'postgres.owner');
  let file: DatabaseSync | undefined;
  try {
    // 0711: the user that the database server runs as must be able to pass through, not to look around.
    mkdirSync(dataDir, { recursive: true, mode: 0o711 });
    file = new DatabaseSync(join(dataDir, 'postgres.lock'), { timeout: 0 });
    file.exec('BEGIN EXCLUSIVE');
    const owner: Owner = { pid: process.pid, host: hostname(), since: clock.now().toISOString() };
    writeFileSync(note, JSON.stringify(owner));
  } catch (error) {
    file?.close();
    throw lockFailure(dataDir, note, error);
  }
  const held = file;
  return {
    release() {
      if (!held.isOpen) return;
      rmSync(note, { force: true });
      held.close();
    },
  };
}

function lockFailure(dataDir: string, note: string, error: unknown): HubError {
  if ((error as { errcode?: number }).errcode !== sqliteBusy) {
    return new HubError(
      'internal',
      `The data directory ${dataDir} cannot be used: ${(error as Error).message}. It must be writable for the hub, on a file system with file locks.`,
      { cause: error },
    );
  }
  const owner = readOwner(note);
  const who = owner === undefined ? 'Another hub' : `Another hub (pid ${owner.pid}${elsewhere(owner)})`;
  return new HubError(
    'conflict',
    `${who} is running on the data directory ${dataDir}. Stop it, give this one another HUB_DATA_DIR, or let both use one DATABASE_URL.`,
    { details: { dataDir, ...(owner && { pid: owner.pid }) }, cause: error },
  );
}

function elsewhere({ host, since }: Owner): string {
  return host === hostname() ? `, since ${since}` : ` on ${host}, since ${since}`;
}

/** Only for the message: the lock alone decides. */
function readOwner(note: string): Owner | undefined {
  try {
    const owner = JSON.parse(readFileSync(note, 'utf8')) as Partial<Owner> | null;
    if (Number.isInteger(owner?.pid) && typeof owner?.host === 'string' && typeof owner.since === 'string') {
      return owner as Owner;
    }
  } catch {
    // Just being written, or lost.
  }
  return undefined;
}
