/** Envelope encryption (docs/adr/0004-envelope-encryption.md): a data key for each sealing, wrapped by the key provider. */
import { randomBytes } from 'node:crypto';
import { decrypt, encrypt, keyBytes } from './aes-gcm.ts';
import type { KeyProvider, WrappedKey } from './key-provider.ts';
import { damaged } from './key-ring.ts';

/** Where a ciphertext belongs. It opens nowhere else. */
export interface SealContext {
  readonly tenantId: string;
  readonly integrationId: string;
  readonly credentialId: string;
  readonly version: number;
}

export interface SealedSecret {
  readonly sealed: Buffer;
  readonly key: WrappedKey;
}

export async function seal(keys: KeyProvider, context: SealContext, plaintext: Buffer): Promise<SealedSecret> {
  const dataKey = randomBytes(keyBytes);
  try {
    return {
      sealed: encrypt(dataKey, associatedData('secret', context), plaintext),
      key: await keys.wrap(dataKey, associatedData('data key', context)),
    };
  } finally {
    dataKey.fill(0);
  }
}

/** @throws HubError `credential_unavailable` */
export async function unseal(keys: KeyProvider, context: SealContext, secret: SealedSecret): Promise<Buffer> {
  const dataKey = await keys.unwrap(secret.key, associatedData('data key', context));
  try {
    if (dataKey.length !== keyBytes) throw damaged();
    const plaintext = decrypt(dataKey, associatedData('secret', context), secret.sealed);
    if (plaintext === undefined) throw damaged();
    return plaintext;
  } finally {
    dataKey.fill(0);
  }
}

/** Moves the data key under the current key-encryption key; the sealed secret stays as it is. */
export async function rewrap(keys: KeyProvider, context: SealContext, key: WrappedKey): Promise<WrappedKey> {
  const associated = associatedData('data key', context);
  const dataKey = await keys.unwrap(key, associated);
  try {
    return await keys.wrap(dataKey, associated);
  } finally {
    dataKey.fill(0);
  }
}

/** A JSON array, so that no two contexts can read alike; the label keeps the two uses, and later formats, apart. */
function associatedData(use: 'secret' | 'data key', context: SealContext): Buffer {
  const { tenantId, integrationId, credentialId, version } = context;
  return Buffer.from(JSON.stringify(['inthub.credential.1', use, tenantId, integrationId, credentialId, version]));
}
