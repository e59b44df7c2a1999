import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { HubError } from '@inthub/contracts';

/** Whom the database server runs as, where that is not the hub's own user. */
export interface ServerUser {
  readonly uid: number;
  readonly gid: number;
}

const userName = 'postgres';

/**
 * PostgreSQL refuses to run as root, so for a hub that does, the server gets the user `postgres`, which is created where it is
 * missing. An existing database keeps the user that owns its files.
 * @param databaseFolder the server's data directory, which need not exist.
 * @throws HubError `internal` when root has no other user to use, or the files belong to somebody else.
 */
export function findServerUser(databaseFolder: string): ServerUser | undefined {
  const own = process.getuid?.();
  if (own === undefined) return undefined; // Windows
  const owner = statSync(databaseFolder, { throwIfNoEntry: false });
  if (own !== 0) {
    if (owner === undefined || owner.uid === own) return undefined;
    throw new HubError(
      'internal',
      `The database in ${databaseFolder} belongs to the user id ${owner.uid}, and the hub runs as ${own}. Start it as root or as that user, or give it another HUB_DATA_DIR.`,
    );
  }
  if (owner !== undefined && owner.uid !== 0) return usable({ uid: owner.uid, gid: owner.gid });
  const user = usable(lookUp() ?? create());
  if (owner !== undefined) {
    throw new HubError(
      'internal',
      `The database in ${databaseFolder} belongs to root, as whom PostgreSQL refuses to run. Run: chown -R ${userName}: ${databaseFolder}`,
    );
  }
  return user;
}

/** True when `user` may pass through the folder and all above it. */
export function canReach(folder: string, user: ServerUser | undefined): boolean {
  return runAs(user, 'test', ['-x', folder]).status === 0;
}

/** Runs a short command as the server's user, from `/`: the hub's own folder may be closed to that user. */
export function runAs(
  user: ServerUser | undefined,
  command: string,
  args: readonly string[],
): SpawnSyncReturns<string> {
  return spawnSync(command, args, { ...user, cwd: '/', env: commandEnvironment, encoding: 'utf8', timeout: 10_000 });
}

/** Nothing of the hub's own environment: it may hold secrets, and PG* variables would change what the server does. */
export const commandEnvironment: NodeJS.ProcessEnv = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  LC_ALL: 'C',
};

/** A container may run as root without the right to become anybody else. */
function usable(user: ServerUser): ServerUser {
  const { status, error, stderr } = runAs(user, 'true', []);
  if (status === 0) return user;
  throw new HubError(
    'internal',
    `The hub runs as root, PostgreSQL refuses to, and the hub may not start it as user id ${user.uid} (${error?.message ?? stderr.trim()}). Allow the container the capabilities SETUID and SETGID, start the hub as an ordinary user, or set DATABASE_URL.`,
    { cause: error },
  );
}

function lookUp(): ServerUser | undefined {
  const [uid, gid] = ['-u', '-g'].map((flag) => runAs(undefined, 'id', [flag, userName]).stdout?.trim());
  return uid && gid && uid !== '0' ? { uid: Number(uid), gid: Number(gid) } : undefined;
}

function create(): ServerUser {
  const shadow = ['--system', '--user-group', '--no-create-home', '--shell', '/bin/false', userName];
  const busybox = ['-S', '-D', '-H', '-s', '/bin/false', userName];
  const attempts = [runAs(undefined, 'useradd', shadow), runAs(undefined, 'adduser', busybox)];
  const user = lookUp();
  if (user !== undefined) return user;
  const reasons = attempts.map(({ error, stderr }) => error?.message ?? stderr.trim()).join('; ');
  throw new HubError(
    'internal',
    `The hub runs as root, PostgreSQL refuses to, and there is no user "${userName}" to run it as, nor could one be made (${reasons}). Create a system user "${userName}", start the hub as an ordinary user, or set DATABASE_URL.`,
  );
}
