import { hash, randomBytes, timingSafeEqual } from 'node:crypto';

/** What a key presented by a caller is found and compared by. */
export interface PresentedKey {
  /** Public: shown in lists, indexed. */
  readonly prefix: string;
  /** SHA-256 of the whole key. The secret part has 256 random bits, so a slow hash would only slow down the hub. */
  readonly hash: Buffer;
}

const prefixLength = 12;
/** 32 characters that are not mistaken for each other; five bits each, so no bias. */
const alphabet = 'abcdefghijkmnpqrstuvwxyz23456789';
const issued = /^ihk_([a-z2-9]{12})_[A-Za-z0-9_-]{43}$/;
/** A bootstrap key is the operator's own; the bounds are those of HUB_BOOTSTRAP_API_KEY. */
const chosen = /^[\x21-\x7e]{32,256}$/;

/** A new key: `ihk_<12 characters prefix>_<32 random bytes as base64url>`. */
export function generateApiKey(): string {
  return `ihk_${prefixFrom(randomBytes(prefixLength))}_${randomBytes(32).toString('base64url')}`;
}

/** Undefined for a text that cannot be a key, so that it never reaches the database. */
export function readApiKey(text: string): PresentedKey | undefined {
  const digest = (value: string) => hash('sha256', value, 'buffer');
  const prefix = issued.exec(text)?.[1];
  if (prefix !== undefined) return { prefix, hash: digest(text) };
  if (!chosen.test(text)) return undefined;
  // Hashed under a label of its own, so that the public prefix shows nothing of the stored hash.
  return { prefix: prefixFrom(digest(`inthub api key prefix\n${text}`)), hash: digest(text) };
}

/** Compares in constant time. */
export function isSameHash(presented: Buffer, stored: Buffer): boolean {
  return presented.length === stored.length && timingSafeEqual(presented, stored);
}

function prefixFrom(bytes: Buffer): string {
  return Array.from(bytes.subarray(0, prefixLength), (byte) => alphabet[byte & 31]).join('');
}
