import { createId, type SigningScheme, type WebhookKey } from '@inthub/contracts';
import { checkOwnSecret, newEd25519Key, newHmacSecret, type StoredKey } from './signing.ts';

const hourMs = 3_600_000;
/** Keys that sign at once, whatever is rotated how often: the header must stay small. */
const mostOfAScheme = 5;

/** The kinds of key that the schemes need. */
function kindsOf(schemes: readonly SigningScheme[]): readonly StoredKey['scheme'][] {
  const hmac = schemes.includes('standard') || schemes.includes('github');
  return [
    ...(hmac ? (['hmac'] as const) : []),
    ...(schemes.includes('standard-ed25519') ? (['ed25519'] as const) : []),
  ];
}

function makeKey(scheme: StoredKey['scheme'], now: Date, own: string | undefined): StoredKey {
  const made = scheme === 'ed25519' ? newEd25519Key() : { secret: own ?? newHmacSecret(), publicKey: null };
  return { id: createId(), scheme, ...made, createdAt: now.toISOString(), expiresAt: null };
}

/**
 * `present` with what the schemes need beside it.
 * @throws HubError `invalid_request` for an own secret that cannot be used.
 */
export function newKeys(
  schemes: readonly SigningScheme[],
  now: Date,
  own?: string,
  present: readonly StoredKey[] = [],
): readonly StoredKey[] {
  if (own !== undefined) checkOwnSecret(own, schemes);
  // A secret that was made for another scheme may not fit one that is added.
  for (const { scheme, secret } of present) if (scheme === 'hmac') checkOwnSecret(secret, schemes);
  const missing = kindsOf(schemes).filter((kind) => !present.some(({ scheme }) => scheme === kind));
  return [...missing.map((kind) => makeKey(kind, now, own)), ...present];
}

/** New keys in front; the present ones go on until the overlap ends. @throws HubError `invalid_request` for a bad own secret */
export function rotateKeys(
  present: readonly StoredKey[],
  schemes: readonly SigningScheme[],
  { now, overlapHours, secret }: { now: Date; overlapHours: number; secret: string | undefined },
): readonly StoredKey[] {
  if (secret !== undefined) checkOwnSecret(secret, schemes);
  const kinds = kindsOf(schemes);
  const endsAt = new Date(now.getTime() + overlapHours * hourMs).toISOString();
  const old = forgetExpired(present, now).map((key) =>
    kinds.includes(key.scheme) ? { ...key, expiresAt: key.expiresAt ?? endsAt } : key,
  );
  const made = kinds.map((kind) => makeKey(kind, now, secret));
  const all = [...made, ...(overlapHours === 0 ? old.filter(({ scheme }) => !kinds.includes(scheme)) : old)];
  return kinds
    .flatMap((kind) => all.filter(({ scheme }) => scheme === kind).slice(0, mostOfAScheme))
    .concat(all.filter(({ scheme }) => !kinds.includes(scheme)));
}

export function forgetExpired(keys: readonly StoredKey[], now: Date): readonly StoredKey[] {
  return keys.filter(({ expiresAt }) => expiresAt === null || Date.parse(expiresAt) > now.getTime());
}

/** Keys as everybody may see them. */
export function keyViews(keys: readonly StoredKey[]): readonly WebhookKey[] {
  return keys.map(({ id, scheme, createdAt, expiresAt, publicKey }) => ({
    id,
    scheme,
    createdAt,
    expiresAt,
    publicKey,
  }));
}
