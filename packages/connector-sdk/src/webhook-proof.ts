import { createHmac, hash, timingSafeEqual } from 'node:crypto';
import type { InboundDelivery, WebhookVerdict } from './webhook.ts';

export interface HmacProof {
  /** Header with the signature. */
  readonly header: string;
  /** Default `sha256`. */
  readonly algorithm?: 'sha1' | 'sha256' | 'sha512';
  /** Default `hex`. */
  readonly encoding?: 'hex' | 'base64';
  /** Text before the signature in the header: `sha256=`. Default none. */
  readonly prefix?: string;
  /** What is signed; default the body. Undefined: the request lacks something that is signed (a timestamp), so it is `missing`. */
  signed?(delivery: InboundDelivery): readonly (string | Uint8Array)[] | undefined;
  /** Turns the stored secret into the key; default its UTF-8 bytes. */
  key?(secret: string): string | Uint8Array;
  /** The signed time in milliseconds since 1970, for products that sign one; NaN is `invalid`. */
  timestampMs?(delivery: InboundDelivery): number;
  /** How far the signed time may lie from `receivedAt`, either way; default 300 000 (5 minutes). */
  toleranceMs?: number;
}

const defaultToleranceMs = 300_000;

/** `verify` for products that sign by HMAC (RFC 2104) with a shared secret; constant time for each secret. */
export function hmacProof(proof: HmacProof): (delivery: InboundDelivery, secrets: readonly string[]) => WebhookVerdict {
  const { header, algorithm = 'sha256', encoding = 'hex', prefix = '', toleranceMs = defaultToleranceMs } = proof;
  return (delivery, secrets) => {
    const sent = delivery.headers.get(header);
    const signed = proof.signed === undefined ? [delivery.body] : proof.signed(delivery);
    if (sent === undefined || sent === '' || signed === undefined) return 'missing';
    if (!sent.startsWith(prefix)) return 'invalid';
    const signature = sent.slice(prefix.length);
    let isValid = false;
    for (const secret of secrets) {
      const hmac = createHmac(algorithm, proof.key?.(secret) ?? secret);
      for (const part of signed) hmac.update(part);
      if (sameText(hmac.digest(encoding), signature)) isValid = true;
    }
    if (!isValid) return 'invalid';
    if (proof.timestampMs === undefined) return 'valid';
    const timestampMs = proof.timestampMs(delivery);
    if (Number.isNaN(timestampMs)) return 'invalid';
    return Math.abs(delivery.receivedAt.getTime() - timestampMs) > toleranceMs ? 'stale' : 'valid';
  };
}

/** `verify` for products that send the secret itself in a header (GitLab's `X-Gitlab-Token`). */
export function tokenProof(header: string): (delivery: InboundDelivery, secrets: readonly string[]) => WebhookVerdict {
  return (delivery, secrets) => {
    const sent = delivery.headers.get(header);
    if (sent === undefined || sent === '') return 'missing';
    let isValid = false;
    for (const secret of secrets) if (sameText(secret, sent)) isValid = true;
    return isValid ? 'valid' : 'invalid';
  };
}

/** Equality whose time tells nothing of where or whether the texts differ; their digests are compared, so lengths may differ. */
export function sameText(a: string, b: string): boolean {
  return timingSafeEqual(hash('sha256', a, 'buffer'), hash('sha256', b, 'buffer'));
}
