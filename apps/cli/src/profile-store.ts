import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, realpath, rename, stat, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { usageError } from './cli-error.ts';

/** A hub and the token for it. */
export interface Profile {
  readonly url: string;
  readonly token: string;
}

/** Profiles in one JSON file that only its owner can read; replaced as a whole, so that it is never half-written. */
export interface ProfileStore {
  readonly path: string;
  /** Empty when there is no file. @throws CliError when the file is no profile file. */
  read(): Promise<ReadonlyMap<string, Profile>>;
  save(name: string, profile: Profile): Promise<void>;
  /** False when there was none. */
  remove(name: string): Promise<boolean>;
}

const namePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** @throws CliError naming the allowed form. */
export function requireProfileName(name: string): string {
  if (namePattern.test(name)) return name;
  throw usageError(`"${name}" cannot be a profile’s name.`, 'Use letters, digits, ".", "_" and "-", at most 64.');
}

/** @param warn Told when others could read the tokens. */
export function createProfileStore(path: string, warn: (text: string) => void): ProfileStore {
  async function read(): Promise<ReadonlyMap<string, Profile>> {
    let text: string;
    try {
      text = await readFile(path, 'utf8');
      const { mode } = await stat(path);
      // Windows has no such bits.
      if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
        warn(`Others on this machine can read the tokens in ${path}; run: chmod 600 ${path}`);
      }
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return new Map();
      throw usageError(`${path} cannot be read (${codeOf(error)}).`, 'Mend its permissions, or move it away.');
    }
    return parseProfiles(text, path);
  }

  async function write(profiles: ReadonlyMap<string, Profile>): Promise<void> {
    const text = `${JSON.stringify({ version: 1, profiles: Object.fromEntries(profiles) }, null, 2)}\n`;
    try {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      // A link from somebody's collection of settings stays a link.
      const target = await realpath(path).catch(() => path);
      await replaceFile(target, text);
    } catch (error) {
      throw usageError(`${path} cannot be written (${codeOf(error)}).`, 'Set XDG_CONFIG_HOME to a folder of yours.');
    }
  }

  return {
    path,
    read,
    async save(name, profile) {
      await write(new Map(await read()).set(name, profile));
    },
    async remove(name) {
      const profiles = new Map(await read());
      const existed = profiles.delete(name);
      if (existed) await write(profiles);
      return existed;
    },
  };
}

async function replaceFile(path: string, text: string): Promise<void> {
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await unlink(temporary).catch(() => {});
    throw error;
  }
}

/** Messages never quote the file: it holds tokens. */
function parseProfiles(text: string, path: string): ReadonlyMap<string, Profile> {
  const wrong = (what: string) =>
    usageError(`${path} ${what}.`, 'Mend it, or move it away and run inthub login again.');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw wrong('is not valid JSON');
  }
  if (!isRecord(value) || !isRecord(value['profiles'])) throw wrong('is not a file of profiles');
  if (value['version'] !== 1) throw wrong('was written by another version of inthub');
  const profiles = new Map<string, Profile>();
  for (const [name, profile] of Object.entries(value['profiles'])) {
    const { url, token } = isRecord(profile) ? profile : {};
    if (typeof url !== 'string' || typeof token !== 'string') throw wrong(`has no URL and token for "${name}"`);
    profiles.set(name, { url, token });
  }
  return profiles;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason';
}
