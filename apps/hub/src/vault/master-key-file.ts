import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { link, mkdir, open, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { invalidField } from '@inthub/contracts';
import type { Log } from '../telemetry/telemetry.ts';
import { keyBytes } from './aes-gcm.ts';
import { type KeyEncryptionKey, keyEncryptionKeyId, parseMasterKeys } from './key-ring.ts';

const fileName = 'master.key';
const maxFileBytes = 64 * 1024;

export interface MasterKeySettings {
  /** HUB_MASTER_KEY: one key, base64 or hex. */
  readonly masterKey: string | null;
  /** HUB_MASTER_KEY_FILE: one key a line, newest first. */
  readonly masterKeyFile: string | null;
  /** Where a key is generated when neither is given. */
  readonly dataDir: string;
  readonly log: Log;
}

export interface LoadedMasterKeys {
  readonly keys: readonly [KeyEncryptionKey, ...KeyEncryptionKey[]];
  /** Path of the file that was made now: the operator must back it up. Null when there was a key. */
  readonly generatedFile: string | null;
}

/**
 * The key-encryption keys from HUB_MASTER_KEY, HUB_MASTER_KEY_FILE or `<dataDir>/master.key`, which is made when it is missing.
 * @throws HubError `invalid_request` naming the variable or file; never a key.
 */
export async function loadMasterKeys(settings: MasterKeySettings): Promise<LoadedMasterKeys> {
  if (settings.masterKey !== null) {
    return { keys: parseMasterKeys(settings.masterKey, 'HUB_MASTER_KEY'), generatedFile: null };
  }
  if (settings.masterKeyFile !== null) {
    const text = await readKeyFile(settings.masterKeyFile, 'HUB_MASTER_KEY_FILE');
    if (text === undefined)
      throw invalidField('HUB_MASTER_KEY_FILE', `${settings.masterKeyFile} does not exist.`, 'file');
    return { keys: parseMasterKeys(text, 'HUB_MASTER_KEY_FILE'), generatedFile: null };
  }
  const path = join(settings.dataDir, fileName);
  const known = await readKeyFile(path, path);
  if (known !== undefined) return { keys: parseMasterKeys(known, path), generatedFile: null };
  const generated = await generateKeyFile(path);
  const text = await readKeyFile(path, path);
  if (text === undefined) throw invalidField(path, 'vanished while it was being made.', 'file');
  const keys = parseMasterKeys(text, path);
  if (generated)
    settings.log.warn(
      { path, keyId: keys[0].id },
      'a key-encryption key was made: back this file up, apart from the database',
    );
  return { keys, generatedFile: generated ? path : null };
}

/** Undefined when there is no such file. */
async function readKeyFile(path: string, named: string): Promise<string | undefined> {
  let file: Awaited<ReturnType<typeof open>>;
  try {
    // Not waiting: a named pipe without a writer would hold the start up.
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    throw invalidField(named, `${path} cannot be read (${code}).`, 'file');
  }
  try {
    // Asked of the open file, so that it is this one that gets read.
    const stats = await file.stat();
    const { mode, size } = stats;
    if (!stats.isFile()) throw invalidField(named, `${path} is not a regular file.`, 'file');
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
      const octal = (mode & 0o777).toString(8);
      throw invalidField(
        named,
        `${path} can be read by others (mode ${octal}), so the hub does not use it. Run: chmod 600 ${path} (Kubernetes: defaultMode 0400).`,
        'permissions',
      );
    }
    if (size > maxFileBytes) throw invalidField(named, `${path} is too large for a key file.`, 'file');
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}

/** False when another process was faster; its key stands. The file appears whole or not at all. */
async function generateKeyFile(path: string): Promise<boolean> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const key = randomBytes(keyBytes);
  const text = [
    '# Key-encryption key of Integration Hub (HUB_MASTER_KEY). Without it no stored credential can be opened: back it up, apart from the database.',
    `${keyEncryptionKeyId(key)}:${key.toString('base64')}`,
    '',
  ].join('\n');
  const temporary = `${path}.${randomBytes(6).toString('hex')}.new`;
  try {
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    // Unlike rename, link never replaces a key that another process has just made.
    await link(temporary, path);
    await syncDirectory(dirname(path));
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' && (await stat(path)).isFile()) return false;
    throw invalidField(
      path,
      `The key-encryption key could not be written (${code}). Make its folder writable or set HUB_MASTER_KEY.`,
      'file',
    );
  } finally {
    await rm(temporary, { force: true });
  }
}

/** Makes the new name survive a power cut. */
async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
