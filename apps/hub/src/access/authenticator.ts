/** Who is calling: the first thing that happens to every request, so the common case costs one hash and one map look-up. */
import { type Clock, expandScopes, HubError, type Principal } from '@inthub/contracts';
import type { Database } from '../database/database.ts';
import type { Log } from '../telemetry/telemetry.ts';
import { isSameHash, type PresentedKey, readApiKey } from './api-key-format.ts';
import { findKeyCandidates } from './authentication-repository.ts';
import type { LastUsedRecorder } from './last-used.ts';
import { createLookupGate } from './lookup-gate.ts';
import type { Admission, PrincipalCache } from './principal-cache.ts';

/** RFC 6750 §2.1, b64token; keys and JWTs are within 8 KB, and longer headers are not worth hashing. */
const bearer = /^bearer +([\x21-\x7e]{1,8192})$/i;
const jwt = /^eyJ[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*$/;
/** A third of a usual pool of connections; a look-up takes about a millisecond. */
const gateLimits = { running: 4, waiting: 1000 };

export interface AuthenticatorDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly cache: PrincipalCache;
  readonly lastUsed: LastUsedRecorder;
  /** Absent when no identity provider is configured. */
  readonly admitToken?: (token: string) => Promise<Admission>;
}

export function createAuthenticator(
  deps: AuthenticatorDeps,
): (authorization: string | undefined) => Principal | Promise<Principal> {
  const { database, clock, log, cache, lastUsed, admitToken } = deps;
  const gate = createLookupGate(gateLimits);

  async function admitKey(presented: PresentedKey): Promise<Admission> {
    const candidates = await database.system('inthub_auth', (tx) => findKeyCandidates(tx, presented.prefix));
    const key = candidates.find((candidate) => isSameHash(presented.hash, candidate.hash));
    if (key === undefined) throw refusal('unknown key');
    if (key.revokedAt !== null) throw refusal('revoked key');
    const expiresAtMs = key.expiresAt?.getTime() ?? Number.POSITIVE_INFINITY;
    if (expiresAtMs <= clock.now().getTime()) throw refusal('expired key');
    return {
      principal: Object.freeze({
        tenantId: key.tenantId,
        kind: 'api_key',
        id: key.id,
        name: key.name,
        scopes: expandScopes(key.scopes),
      }),
      expiresAtMs,
    };
  }

  async function admit(credential: string): Promise<Admission> {
    try {
      return await admitOnce(credential);
    } catch (error) {
      if (error instanceof HubError && error.code === 'unauthenticated')
        log.debug({ reason: reasonOf(error) }, 'credential refused');
      throw error;
    }
  }

  async function admitOnce(credential: string): Promise<Admission> {
    if (jwt.test(credential)) {
      if (admitToken === undefined) throw refusal('token, but no identity provider is configured');
      return admitToken(credential);
    }
    const presented = readApiKey(credential);
    if (presented === undefined) throw refusal('malformed credential');
    return gate(() => admitKey(presented));
  }

  function noteUse({ principal }: Admission): Principal {
    if (principal.kind === 'api_key')
      lastUsed.touch(principal.tenantId, principal.id as Parameters<LastUsedRecorder['touch']>[1]);
    return principal;
  }

  return (authorization) => {
    const credential = authorization === undefined ? undefined : bearer.exec(authorization)?.[1];
    if (credential === undefined) return Promise.reject(refusal('no bearer credential'));
    const cacheKey = cache.key(credential);
    const found = cache.find(cacheKey);
    if (found === 'refused') return Promise.reject(refusal('refused a moment ago'));
    return found === undefined ? cache.load(cacheKey, () => admit(credential)).then(noteUse) : noteUse(found);
  };
}

/** One answer for every cause, so that it tells nothing about keys, users or tenants; the reason goes to the log only. */
export function refusal(reason: string, cause?: unknown): HubError {
  return new HubError(
    'unauthenticated',
    'A valid API key or token is required. Send it as "Authorization: Bearer <key>".',
    { cause: cause ?? reason },
  );
}

function reasonOf(error: HubError): string {
  return error.cause instanceof Error ? error.cause.message : String(error.cause);
}
