import { constants } from 'node:fs';
import { open, realpath } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { type AuthRef, HubError } from '@inthub/contracts';
import { requireOwnScope } from './own-scope.ts';

const maxBytes = 64 * 1024;

/**
 * The file behind `ref://file/<tenant slug>/<path>`: `<secrets directory>/<tenant slug>/<path>`, by its real name. Symbolic links are
 * followed as long as they stay inside the tenant's folder (Kubernetes mounts secrets that way).
 * @throws HubError `credential_unavailable`
 */
export async function locateSecretFile(secretsDir: string, ref: AuthRef, tenantSlug: string): Promise<string> {
  requireOwnScope(ref, tenantSlug);
  const named = `secrets/${tenantSlug}/${ref.key}`;
  // parseAuthRef has refused ".." and empty segments; on Windows a backslash would bring them back.
  if (ref.key.includes('\\')) throw unreadable(named, 'must not have a backslash in its path');
  const folder = await realPathOf(join(secretsDir, tenantSlug), named);
  const path = await realPathOf(join(secretsDir, tenantSlug, ref.key), named);
  if (!path.startsWith(folder + sep)) throw unreadable(named, "leads out of the tenant's folder");
  return path;
}

/** The text without its last line break. @throws HubError `credential_unavailable` */
export async function readSecretFile(secretsDir: string, ref: AuthRef, tenantSlug: string): Promise<string> {
  const path = await locateSecretFile(secretsDir, ref, tenantSlug);
  const named = `secrets/${tenantSlug}/${ref.key}`;
  const bytes = await readRegularFile(path, named);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw unreadable(named, 'is not UTF-8 text', error);
  }
  const secret = text.replace(/\r?\n$/, '');
  if (secret === '') throw unreadable(named, 'is empty');
  return secret;
}

async function readRegularFile(path: string, named: string): Promise<Buffer> {
  let file: Awaited<ReturnType<typeof open>>;
  try {
    // Not waiting: a named pipe without a writer would hold the hub up.
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
  } catch (error) {
    throw unreadable(named, `cannot be read (${(error as NodeJS.ErrnoException).code})`, error);
  }
  try {
    const stats = await file.stat();
    if (!stats.isFile()) throw unreadable(named, 'is not a regular file');
    if (stats.size > maxBytes) throw unreadable(named, `is larger than ${maxBytes / 1024} KiB`);
    // Reads no more than that, whatever happens to the file in between.
    const buffer = Buffer.alloc(maxBytes + 1);
    const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
    if (bytesRead > maxBytes) throw unreadable(named, `is larger than ${maxBytes / 1024} KiB`);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

async function realPathOf(path: string, named: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw unreadable(
      named,
      code === 'ENOENT' ? 'does not exist in the data directory' : `cannot be read (${code})`,
      error,
    );
  }
}

function unreadable(named: string, why: string, cause?: unknown): HubError {
  return new HubError('credential_unavailable', `The file ${named} ${why}.`, { cause });
}
