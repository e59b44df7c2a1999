/**
 * The arithmetic of the audit chain, free of I/O. An entry's body is canonical JSON (RFC 8785); its hash seals the body and, through
 * the hash before, everything older. The head's MAC is made with a key outside the database.
 */
import { createHmac, hash, timingSafeEqual } from 'node:crypto';
import type { Json } from '@inthub/contracts';
import { canonicalJson } from './canonical-json.ts';

/** What is sealed: the whole entry. */
export interface AuditBody {
  readonly seq: number;
  readonly id: string;
  readonly tenantId: string;
  /** UTC ISO 8601 with milliseconds. */
  readonly at: string;
  readonly actor: { readonly kind: string; readonly id: string; readonly name: string };
  readonly action: string;
  readonly target: { readonly type: string; readonly id: string; readonly name?: string };
  readonly outcome: string;
  readonly requestId: string;
  readonly before?: Json;
  readonly after?: Json;
  readonly reason?: string;
  readonly ticket?: string;
  readonly approver?: string;
  readonly details?: Json;
}

/** What an entry gets when it is sealed. */
export type AuditStamp = Pick<AuditBody, 'seq' | 'id' | 'tenantId' | 'at'>;

/** The last entry of a tenant's chain: its number and hash; number 0 and `genesis` before the first. */
export interface ChainHead {
  readonly seq: number;
  readonly hash: Buffer;
}

/** The hash before the first entry. */
export const genesis: Buffer = Buffer.alloc(32);

export function canonicalBody(body: AuditBody): string {
  return canonicalJson(body);
}

/** SHA-256 of the hash before and the body. */
export function entryHash(previous: Uint8Array, body: string): Buffer {
  return hash('sha256', hashInput(previous, body), 'buffer');
}

/** Room for nearly every entry: a buffer of its own for each would cost as much as the hash. */
const scratch = Buffer.alloc(16_384);

/** Good until the next call. */
function hashInput(previous: Uint8Array, body: string): Buffer {
  // UTF-8 takes three bytes for a UTF-16 unit at most.
  const most = previous.length + body.length * 3;
  const input = most <= scratch.length ? scratch : Buffer.allocUnsafe(most);
  input.set(previous);
  return input.subarray(0, previous.length + input.write(body, previous.length));
}

/** HMAC-SHA256 over tenant, number and hash. */
export function headMac(key: Uint8Array, tenantId: string, head: ChainHead): Buffer {
  return createHmac('sha256', key).update(`${tenantId}|${head.seq}|`).update(head.hash).digest();
}

/** Whether one of the keys made this MAC. */
export function isSealed(keys: readonly Uint8Array[], tenantId: string, head: ChainHead, mac: Uint8Array): boolean {
  return keys.some((key) => {
    const expected = headMac(key, tenantId, head);
    return expected.length === mac.length && timingSafeEqual(expected, mac);
  });
}

/** Told apart from a head's seal: an old head that somebody kept must not pass for a cut. */
const scopeOf = (tenantId: string) => `${tenantId}|cut`;

export function cutMac(key: Uint8Array, tenantId: string, cut: ChainHead): Buffer {
  return headMac(key, scopeOf(tenantId), cut);
}

export function isCutSealed(keys: readonly Uint8Array[], tenantId: string, cut: ChainHead, mac: Uint8Array): boolean {
  return isSealed(keys, scopeOf(tenantId), cut, mac);
}
