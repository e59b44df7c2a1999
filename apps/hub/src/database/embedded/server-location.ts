import { createHash } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { HubError } from '@inthub/contracts';
import type { DatabaseLog } from '../database-log.ts';
import { canReach, findServerUser, type ServerUser } from './server-user.ts';

/**
 * Where the server keeps its files. The folder belongs to the hub; only `data` within it belongs to the server's user, so that
 * the hub, as root, never writes where that user could have laid a link.
 */
export interface ServerLocation {
  readonly folder: string;
  /** PostgreSQL's data directory. */
  readonly data: string;
  readonly user: ServerUser | undefined;
  /** Called once the database is there: only then may a file say that it must be. */
  remember(): void;
}

/** Where root puts what its own folders hide from the server's user. */
const reachableBase = '/var/lib/inthub';

/**
 * `<HUB_DATA_DIR>/postgres`; or, for a hub that runs as root in a folder closed to the server's user (a checkout below /root), a
 * folder in /var/lib/inthub, which the file `<HUB_DATA_DIR>/postgres.location` then names.
 * @throws HubError `internal` when no place can be had, or when a database that was there is out of reach: a hub must never start
 * with an empty one instead.
 */
export function findServerLocation(dataDir: string, log: DatabaseLog): ServerLocation {
  const pointer = join(dataDir, 'postgres.location');
  const pointed = readPointer(pointer);
  const inPlace = join(dataDir, 'postgres');
  const folder = pointed ?? inPlace;
  const data = join(folder, 'data');
  if (pointed !== undefined && !existsSync(data)) {
    throw new HubError(
      'internal',
      `The database of ${dataDir} is in ${pointed}, as ${pointer} says, and it is not there, or closed to this user. Bring it back; or delete ${pointer} to start with an empty database.`,
    );
  }
  const user = findServerUser(data);
  const remember = (): void => undefined;
  if (user === undefined || pointed !== undefined) return prepared({ folder, data, user, remember });

  openOwnFolder(dataDir, user);
  if (canReach(dataDir, user)) return prepared({ folder, data, user, remember });
  if (existsSync(data)) {
    throw new HubError(
      'internal',
      `The database in ${data} runs as user id ${user.uid}, which cannot pass through the folders above it. Give them the x permission for others again, or move the database.`,
    );
  }
  const elsewhere = makeElsewhere(dataDir);
  return prepared({
    folder: elsewhere,
    data: join(elsewhere, 'data'),
    user,
    remember() {
      writeFileSync(pointer, `${elsewhere}\n`);
      log.info(
        { dataDir, databaseDir: elsewhere },
        'the data directory is closed to the database server, which may not run as root: the database is kept elsewhere',
      );
    },
  });
}

function prepared(location: ServerLocation): ServerLocation {
  const { folder, user } = location;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (user !== undefined) {
    chownSync(folder, 0, user.gid);
    chmodSync(folder, 0o710);
  }
  return location;
}

/** `mktemp -d` and the like make HUB_DATA_DIR for its owner alone. The folder is the hub's own, so its server may pass through. */
function openOwnFolder(dataDir: string, user: ServerUser): void {
  if (canReach(dataDir, user) || !canReach(dirname(dataDir), user)) return;
  const { uid, mode } = statSync(dataDir);
  if (uid !== 0 || realpathSync(dataDir) === homedir()) return;
  chownSync(dataDir, 0, user.gid);
  chmodSync(dataDir, (mode & 0o777) | 0o010);
}

function makeElsewhere(dataDir: string): string {
  const hash = createHash('sha256').update(realpathSync(dataDir)).digest('hex').slice(0, 16);
  try {
    mkdirSync(reachableBase, { recursive: true, mode: 0o711 });
    // One with a database in it belonged to a data directory that was deleted: it is nobody's to reuse or to remove.
    for (let number = 1; number <= 100; number += 1) {
      const folder = join(reachableBase, number === 1 ? hash : `${hash}-${number}`);
      if (existsSync(join(folder, 'data'))) continue;
      mkdirSync(folder, { recursive: true });
      return folder;
    }
  } catch (error) {
    throw new HubError(
      'internal',
      `${dataDir} is closed to the user that the database server runs as, and ${reachableBase} cannot be made: ${(error as Error).message}. Choose a HUB_DATA_DIR that other users can pass through, start the hub as an ordinary user, or set DATABASE_URL.`,
      { cause: error },
    );
  }
  throw new HubError(
    'internal',
    `${reachableBase} holds 100 databases of ${dataDir}. Delete those that are not needed.`,
  );
}

function readPointer(pointer: string): string | undefined {
  if (!existsSync(pointer)) return undefined;
  const folder = readFileSync(pointer, 'utf8').trim();
  if (folder.startsWith('/')) return folder;
  throw new HubError('internal', `${pointer} should hold the absolute path of the database's folder.`);
}
