/**
 * Signatures of outgoing webhooks. Standard Webhooks 1.0.0 (github.com/standard-webhooks/standard-webhooks, spec/standard-webhooks.md): `v1`
 * is HMAC-SHA256, `v1a` ed25519, each over `id.timestamp.body`. Also the header of GitHub (docs.github.com/en/webhooks/using-webhooks/
 * validating-webhook-deliveries): HMAC-SHA256 of the body in hex. By node:crypto: the packages' own HMAC in JavaScript costs ten times as much.
 */
import {
  createHmac,
  createPrivateKey,
  createSecretKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
} from 'node:crypto';
import { invalidField, type SigningScheme } from '@inthub/contracts';

/** A signing key as it is sealed. `secret` is `whsec_…` or the tenant's own text for HMAC, PKCS#8 in base64 for ed25519. */
export interface StoredKey {
  readonly id: string;
  readonly scheme: 'hmac' | 'ed25519';
  readonly secret: string;
  /** `whpk_…` for ed25519. */
  readonly publicKey: string | null;
  readonly createdAt: string;
  /** Since a rotation: when it is used no more. */
  readonly expiresAt: string | null;
}

/** A key ready for use. */
export interface SigningKey {
  readonly scheme: 'hmac' | 'ed25519';
  /** HMAC: what the base64 behind `whsec_` stands for. An object: bytes would be made one for each signature, at five times the cost. */
  readonly bytes: KeyObject | undefined;
  /** HMAC: the text itself, which GitHub-style receivers use. */
  readonly text: KeyObject | undefined;
  readonly privateKey: KeyObject | undefined;
  readonly expiresMs: number;
}

const prefix = 'whsec_';
/** SubjectPublicKeyInfo of ed25519 before its 32 bytes (RFC 8410 §4). */
const spkiPrefixBytes = 12;

/** 32 random bytes; the specification asks for 24 to 64. */
export function newHmacSecret(): string {
  return `${prefix}${randomBytes(32).toString('base64')}`;
}

export function newEd25519Key(): { secret: string; publicKey: string } {
  const pair = generateKeyPairSync('ed25519');
  const spki = pair.publicKey.export({ type: 'spki', format: 'der' });
  return {
    secret: pair.privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64'),
    publicKey: `whpk_${spki.subarray(spkiPrefixBytes).toString('base64')}`,
  };
}

/** @throws HubError `invalid_request` for a secret of the caller's that a scheme cannot use. */
export function checkOwnSecret(secret: string, schemes: readonly SigningScheme[]): void {
  if (!/^[\x21-\x7e]{16,512}$/.test(secret)) {
    throw invalidField('/secret', 'must be 16 to 512 printable characters without spaces', 'secret');
  }
  if (!schemes.includes('standard')) return;
  const encoded = secret.startsWith(prefix) ? secret.slice(prefix.length) : '';
  const bytes = Buffer.from(encoded, 'base64');
  if (bytes.length < 24 || bytes.length > 64 || bytes.toString('base64') !== encoded) {
    throw invalidField('/secret', 'must be whsec_ and 24 to 64 bytes in base64, as Standard Webhooks asks', 'secret');
  }
}

export function openKey(key: StoredKey): SigningKey {
  const expiresMs = key.expiresAt === null ? Number.POSITIVE_INFINITY : Date.parse(key.expiresAt);
  if (key.scheme === 'ed25519') {
    const der = Buffer.from(key.secret, 'base64');
    const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
    return { scheme: key.scheme, bytes: undefined, text: undefined, privateKey, expiresMs };
  }
  const encoded = key.secret.startsWith(prefix) ? key.secret.slice(prefix.length) : key.secret;
  return {
    scheme: key.scheme,
    bytes: createSecretKey(encoded, 'base64'),
    text: createSecretKey(key.secret, 'utf8'),
    privateKey: undefined,
    expiresMs,
  };
}

export interface Signable {
  readonly id: string;
  readonly nowMs: number;
  readonly body: Buffer;
}

/**
 * The signature headers. During a rotation `webhook-signature` carries one signature for each key still in use, newest first;
 * `x-hub-signature-256` has room for one, the newest key's.
 * @param keys Newest first.
 */
export function signatureHeaders(
  schemes: readonly SigningScheme[],
  keys: readonly SigningKey[],
  { id, nowMs, body }: Signable,
): Record<string, string> {
  const timestamp = String(Math.floor(nowMs / 1000));
  const usable = keys.filter(({ expiresMs }) => expiresMs > nowMs);
  const head = `${id}.${timestamp}.`;
  const headers: Record<string, string> = { 'webhook-id': id, 'webhook-timestamp': timestamp };
  const signatures: string[] = [];
  if (schemes.includes('standard')) {
    for (const { bytes } of usable) {
      if (bytes === undefined) continue;
      signatures.push(`v1,${createHmac('sha256', bytes).update(head).update(body).digest('base64')}`);
    }
  }
  if (schemes.includes('standard-ed25519')) {
    const content = Buffer.concat([Buffer.from(head), body]);
    for (const { privateKey } of usable) {
      if (privateKey !== undefined) signatures.push(`v1a,${sign(null, content, privateKey).toString('base64')}`);
    }
  }
  if (signatures.length > 0) headers['webhook-signature'] = signatures.join(' ');
  if (schemes.includes('github')) {
    const newest = usable.find(({ text }) => text !== undefined)?.text;
    if (newest !== undefined) {
      headers['x-hub-signature-256'] = `sha256=${createHmac('sha256', newest).update(body).digest('hex')}`;
    }
  }
  return headers;
}
