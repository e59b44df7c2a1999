import { validate as isUuid, v7 as uuidv7 } from 'uuid';

declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

/** Row ids are UUIDv7 (RFC 9562 §5.7), made by the application, so that they sort by creation time. */
export type TenantId = Branded<'tenant'>;
export type UserId = Branded<'user'>;
export type ApiKeyId = Branded<'api-key'>;
export type IntegrationId = Branded<'integration'>;
export type CredentialId = Branded<'credential'>;
export type EventId = Branded<'event'>;

/** Random bytes at hand: asking the system for sixteen at a time costs more than the rest of an id. */
const pool = new Uint8Array(4_096);
let used = pool.length;
let lastMs = Number.NEGATIVE_INFINITY;
let sequence = 0;

/** A new UUIDv7, typed as the id that the caller needs; greater than every one that this process made before. */
export function createId<Id extends string>(): Id {
  if (used === pool.length) {
    crypto.getRandomValues(pool);
    used = 0;
  }
  const random = pool.subarray(used, used + 16);
  used += random.length;
  const nowMs = Date.now();
  // RFC 9562 §6.2, method 1: a counter of 32 bits that starts somewhere in its lower half with each millisecond.
  if (nowMs > lastMs) {
    lastMs = nowMs;
    sequence = new DataView(random.buffer, random.byteOffset).getUint32(6) & 0x7fff_ffff;
  } else {
    sequence = (sequence + 1) >>> 0;
    if (sequence === 0) lastMs += 1;
  }
  return uuidv7({ random, msecs: lastMs, seq: sequence }) as Id;
}

/** True for any UUID text form; a value that fails must never reach a `uuid` column. */
export function isId(value: string): boolean {
  return isUuid(value);
}
