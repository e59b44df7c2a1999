/** AES-256-GCM (NIST SP 800-38D) as one blob: 12 bytes nonce, 16 bytes tag, ciphertext. */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

export const keyBytes = 32;
const algorithm = 'aes-256-gcm';
const nonceBytes = 12;
const tagBytes = 16;

/**
 * The nonce is random. A data key seals once, so it cannot repeat there; a key-encryption key wraps far fewer than the 2^32 data keys
 * that SP 800-38D §8.3 allows under random nonces.
 */
export function encrypt(key: Buffer, associated: Buffer, plaintext: Buffer): Buffer {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv(algorithm, key, nonce, { authTagLength: tagBytes });
  cipher.setAAD(associated);
  const body = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), body]);
}

/** Undefined when the key, the associated data or any bit of the blob is not what it was. */
export function decrypt(key: Buffer, associated: Buffer, blob: Buffer): Buffer | undefined {
  if (blob.length < nonceBytes + tagBytes) return undefined;
  const decipher = createDecipheriv(algorithm, key, blob.subarray(0, nonceBytes), { authTagLength: tagBytes });
  decipher.setAAD(associated);
  decipher.setAuthTag(blob.subarray(nonceBytes, nonceBytes + tagBytes));
  const body = decipher.update(blob.subarray(nonceBytes + tagBytes));
  try {
    return Buffer.concat([body, decipher.final()]);
  } catch {
    // OpenSSL says no more than that the tag does not fit. What was deciphered so far must not be seen.
    body.fill(0);
    return undefined;
  }
}
