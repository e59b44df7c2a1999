import { hash, hkdfSync } from 'node:crypto';
import { HubError, invalidField } from '@inthub/contracts';
import { decrypt, encrypt, keyBytes } from './aes-gcm.ts';
import type { KeyProvider } from './key-provider.ts';

export interface KeyEncryptionKey {
  /** Derived from the key, so that a mistyped or swapped key is noticed. */
  readonly id: string;
  readonly key: Buffer;
}

/** The first key wraps, all of them unwrap. */
export function createKeyRing(keys: readonly [KeyEncryptionKey, ...KeyEncryptionKey[]]): KeyProvider {
  const byId = new Map(keys.map(({ id, key }) => [id, key]));
  const [current] = keys;
  // The key's id is bound too: a data key cannot be passed off as wrapped under another key.
  const bound = (keyId: string, context: Buffer) => Buffer.concat([Buffer.from(`${keyId}\n`), context]);

  return {
    currentKeyId: async () => current.id,
    wrap: async (dataKey, context) => ({
      keyId: current.id,
      wrapped: encrypt(current.key, bound(current.id, context), dataKey),
    }),
    async unwrap({ keyId, wrapped }, context) {
      const key = byId.get(keyId);
      if (key === undefined) {
        throw new HubError(
          'credential_unavailable',
          `The credential is sealed under key-encryption key ${keyId}, which is not on the key ring. Put that key back as a further line of the file that HUB_MASTER_KEY_FILE names.`,
          { details: { keyId } },
        );
      }
      const dataKey = decrypt(key, bound(keyId, context), wrapped);
      if (dataKey === undefined) throw damaged();
      return dataKey;
    },
  };
}

/** The same words for every defect: which part of a sealed row does not fit is nobody's business. */
export function damaged(): HubError {
  return new HubError(
    'credential_unavailable',
    'The stored credential does not open: it was changed, moved to another row or sealed under another key. Store it again.',
  );
}

export function keyEncryptionKeyId(key: Buffer): string {
  return `k_${hash('sha256', Buffer.concat([Buffer.from('inthub key-encryption key id\n'), key]), 'hex').slice(0, 16)}`;
}

/**
 * The keys that seal the audit chain's heads, one from each key-encryption key, newest first (HKDF-SHA-256, RFC 5869). They tell nothing about
 * the key-encryption keys.
 */
export function auditChainKeys(
  keys: readonly [KeyEncryptionKey, ...KeyEncryptionKey[]],
): readonly [Buffer, ...Buffer[]] {
  const derive = ({ key }: KeyEncryptionKey) =>
    Buffer.from(hkdfSync('sha256', key, Buffer.alloc(0), 'inthub audit chain', keyBytes));
  const [newest, ...earlier] = keys;
  return [derive(newest), ...earlier.map(derive)];
}

/**
 * The keys of a text: one a line, newest first, each 32 bytes in base64 or hex, with or without its id before it (`k_…:<key>`).
 * Empty lines and lines that begin with `#` do not count.
 * @param variable Named in messages.
 * @throws HubError `invalid_request` that never repeats a key.
 */
export function parseMasterKeys(text: string, variable: string): readonly [KeyEncryptionKey, ...KeyEncryptionKey[]] {
  const keys = text
    .split(/\r?\n/)
    .map((line, index) => ({ line: line.trim(), where: `line ${index + 1}` }))
    .filter(({ line }) => line !== '' && !line.startsWith('#'))
    .map(({ line, where }) => parseMasterKey(line, where, variable));
  const [first, ...rest] = keys;
  if (first === undefined) throw invalidField(variable, 'holds no key. Make one with: openssl rand -base64 32', 'key');
  if (new Set(keys.map(({ id }) => id)).size < keys.length) throw invalidField(variable, 'holds a key twice.', 'key');
  return [first, ...rest];
}

function parseMasterKey(line: string, where: string, variable: string): KeyEncryptionKey {
  const [, label, encoded = ''] = /^(?:([^:]*):)?(.*)$/.exec(line) ?? [];
  const key = decodeKey(encoded.trim());
  if (key === undefined) {
    throw invalidField(
      variable,
      `${where} is not 32 bytes in base64 or hex. Make a key with: openssl rand -base64 32`,
      'key',
    );
  }
  const id = keyEncryptionKeyId(key);
  if (label !== undefined && label !== id) {
    throw invalidField(
      variable,
      `${where} is labelled "${label}", but its key has the id ${id}: one of them is wrong.`,
      'key',
    );
  }
  return { id, key };
}

function decodeKey(text: string): Buffer | undefined {
  if (/^[0-9a-fA-F]{64}$/.test(text)) return Buffer.from(text, 'hex');
  if (!/^[A-Za-z0-9+/_-]{43}=?$/.test(text)) return undefined;
  const key = Buffer.from(text, 'base64');
  return key.length === keyBytes ? key : undefined;
}
