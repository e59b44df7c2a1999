/** Verifies JWT access tokens of one configured issuer (RFC 7519, RFC 8725, RFC 9068). Decides nothing about rights. */
import { type Clock, HubError } from '@inthub/contracts';
import {
  createRemoteJWKSet,
  customFetch,
  decodeJwt,
  decodeProtectedHeader,
  type JWTPayload,
  jwtVerify,
  type ProtectedHeaderParameters,
  type RemoteJWKSet,
} from 'jose';
import { refusal } from './authenticator.ts';
import type { PlatformFetch } from './issuer-fetch.ts';

/** Asymmetric only: with a symmetric one, a public key would do as the secret (RFC 8725 §2.1). */
const algorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];
/** RFC 9068 §2.1 wants `at+jwt`; several providers send `JWT` or nothing. Other types (logout, DPoP proofs) are not access tokens. */
const types = new Set(['jwt', 'at+jwt', 'application/at+jwt']);
const clockToleranceSeconds = 60;
const discoveryLifetimeMs = 3_600_000;
const failurePauseMs = 5000;

export interface OidcSettings {
  readonly issuer: string;
  readonly audience: string;
}

export interface VerifiedToken {
  readonly subject: string;
  readonly expiresAtMs: number;
  readonly claims: JWTPayload;
}

/**
 * @returns a function that throws HubError `unauthenticated` for a bad token and `unavailable` when the issuer's keys cannot be had.
 */
export function createTokenVerifier(deps: {
  oidc: OidcSettings;
  fetch: PlatformFetch;
  clock: Clock;
}): (token: string) => Promise<VerifiedToken> {
  const { oidc, fetch, clock } = deps;
  const keysOf = createKeySource(oidc.issuer, fetch, clock);

  return async (token) => {
    // Before anything is fetched: what could never be accepted does not make the hub ask anybody.
    requirePlausible(token, oidc.issuer);
    const keys = await keysOf();
    try {
      const { payload } = await jwtVerify(token, keys, {
        algorithms,
        issuer: oidc.issuer,
        audience: oidc.audience,
        clockTolerance: clockToleranceSeconds,
        currentDate: clock.now(),
        requiredClaims: ['exp', 'sub'],
      });
      // RFC 9449 §7.1 and RFC 8705 §3: a token bound to a key must not pass as a bearer token.
      if (payload['cnf'] !== undefined) throw refusal('token is bound to a key');
      const { sub, exp } = payload;
      if (typeof sub !== 'string' || sub === '' || sub.length > 255 || exp === undefined)
        throw refusal('no usable subject');
      return { subject: sub, expiresAtMs: (exp + clockToleranceSeconds) * 1000, claims: payload };
    } catch (error) {
      if (error instanceof HubError) throw error;
      if (isIssuersFault(error))
        throw new HubError('unavailable', "The identity provider's keys cannot be used.", { cause: error });
      throw refusal('token does not verify', error);
    }
  };
}

/** The issuer's key set, found by OpenID Connect Discovery 1.0 §4; jose keeps the keys and asks again for an unknown one. */
function createKeySource(issuer: string, fetch: PlatformFetch, clock: Clock): () => Promise<RemoteJWKSet> {
  let found: { keys: RemoteJWKSet; url: string; untilMs: number } | undefined;
  let looking: Promise<RemoteJWKSet> | undefined;
  /** A document that makes no sense is not asked for again at once either. */
  let failed: { error: unknown; untilMs: number } | undefined;

  async function discover(): Promise<RemoteJWKSet> {
    try {
      const response = await fetch(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, {
        headers: new Headers({ accept: 'application/json' }),
        method: 'GET',
        redirect: 'manual',
        signal: AbortSignal.timeout(10_000),
      });
      const url = readKeySetUrl(issuer, await response.json());
      // The same address keeps its keys, so that an hourly look does not lose them.
      const keys =
        found?.url === url
          ? found.keys
          : createRemoteJWKSet(new URL(url), { [customFetch]: fetch, cooldownDuration: 10_000 });
      found = { keys, url, untilMs: clock.monotonicMs() + discoveryLifetimeMs };
      return keys;
    } catch (error) {
      // Keys that were good an hour ago serve on while the provider is away.
      if (found !== undefined) return found.keys;
      failed = { error, untilMs: clock.monotonicMs() + failurePauseMs };
      throw error;
    } finally {
      looking = undefined;
    }
  }

  return async () => {
    if (found !== undefined && clock.monotonicMs() < found.untilMs) return found.keys;
    if (failed !== undefined && clock.monotonicMs() < failed.untilMs) throw failed.error;
    looking ??= discover();
    return looking;
  };
}

function readKeySetUrl(issuer: string, document: unknown): string {
  const { issuer: named, jwks_uri: url } = (document ?? {}) as { issuer?: unknown; jwks_uri?: unknown };
  if (named !== issuer) throw misconfigured('names another issuer; OIDC_ISSUER must equal it to the letter');
  if (typeof url !== 'string' || !URL.canParse(url)) throw misconfigured('names no jwks_uri');
  const { protocol } = new URL(url);
  // Plain http only for an issuer that the operator has configured with it.
  if (protocol !== 'https:' && protocol !== new URL(issuer).protocol)
    throw misconfigured('names a jwks_uri without TLS');
  return url;
}

function misconfigured(what: string): HubError {
  return new HubError('unavailable', `The discovery document of the identity provider ${what}.`, { retryable: false });
}

/** Looks at the unverified token only to refuse it. */
function requirePlausible(token: string, issuer: string): void {
  let header: ProtectedHeaderParameters;
  let claims: JWTPayload;
  try {
    header = decodeProtectedHeader(token);
    claims = decodeJwt(token);
  } catch (error) {
    throw refusal('not a JWT', error);
  }
  if (!algorithms.includes(header.alg ?? '')) throw refusal('token with an algorithm that is not accepted');
  const { typ } = header as { typ?: unknown };
  if (typ !== undefined && (typeof typ !== 'string' || !types.has(typ.toLowerCase())))
    throw refusal('not an access token');
  if (claims.iss !== issuer) throw refusal('token of another issuer');
}

function isIssuersFault(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code;
  return code === 'ERR_JWKS_INVALID' || code === 'ERR_JWKS_TIMEOUT' || code === 'ERR_JWK_INVALID';
}
