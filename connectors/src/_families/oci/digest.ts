import { createHash } from 'node:crypto';
import { isDigest } from '@inthub/connector-sdk';
import { HubError, invalidField } from '@inthub/contracts';

/** Algorithms registered by the OCI image-spec (descriptor.md, "Registered algorithms"). */
const algorithms = ['sha256', 'sha512'];

export function algorithmOf(digest: string): string {
  return digest.slice(0, digest.indexOf(':'));
}

/** Digest of bytes, by the algorithm of another digest; default sha256. */
export function computeDigest(bytes: Uint8Array, like?: string): string {
  const algorithm = like === undefined ? 'sha256' : algorithmOf(like);
  return `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`;
}

/** @throws HubError `invalid_request` for a digest of an algorithm that cannot be recomputed here. */
export function requireComputable(digest: string, path: string): string {
  if (isDigest(digest) && algorithms.includes(algorithmOf(digest))) return digest;
  throw invalidField(path, `is not a digest by ${algorithms.join(' or ')}, such as sha256:<64 hex digits>.`, 'digest');
}

/** A Docker-Content-Digest header; undefined when absent. @throws HubError `provider_bad_response` when it is not a known digest. */
export function readDigestHeader(value: string | undefined): string | undefined {
  if (value === undefined) return undefined;
  const digest = value.trim();
  if (isDigest(digest) && algorithms.includes(algorithmOf(digest))) return digest;
  throw new HubError(
    'provider_bad_response',
    'The registry sent a Docker-Content-Digest header that is not a sha256 or sha512 digest.',
  );
}

/** @throws HubError `provider_bad_response` when bytes do not have the digest that somebody vouched for. */
export function requireDigest(bytes: Uint8Array, expected: string, vouchedBy: string): void {
  const computed = computeDigest(bytes, expected);
  if (computed === expected) return;
  throw new HubError(
    'provider_bad_response',
    `The manifest does not have the digest of ${vouchedBy}: ${computed} instead of ${expected}. Something between here and the registry changed it, or the registry's storage is damaged.`,
    { details: { expected, computed } },
  );
}
