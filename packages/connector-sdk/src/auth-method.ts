import type { AuthMode, CredentialKind } from '@inthub/contracts';

/**
 * How a credential gets into a request: data, carried out by egress, so that the connector never holds the secret.
 * `{field}` in a template names a field of the credential's material (`{token}`, `{username}`, `{password}`, `{key}`, `{accessToken}`).
 */
export type AuthScheme =
  | { readonly scheme: 'none' }
  /** `Authorization: Bearer <template>`. */
  | { readonly scheme: 'bearer'; readonly token: string }
  /** `Authorization: Basic` (RFC 7617). */
  | { readonly scheme: 'basic'; readonly username: string; readonly password: string }
  /** A header of the product's own, for example `PRIVATE-TOKEN: {token}`. */
  | { readonly scheme: 'header'; readonly name: string; readonly value: string }
  /**
   * The address itself is the credential: whoever knows it may write there (incoming webhooks of Slack and Discord, Workflows of Teams). A
   * request goes there instead of to the endpoint; what its path has below the endpoint is appended (`/`: nothing), and so is its query. The
   * address must be on the endpoint's scheme, host and port, which are no secret; path and query are in no log, audit entry or error.
   * Redirects are not followed.
   */
  | {
      readonly scheme: 'secret-url';
      /** Template of an absolute URL: `{key}`. */
      readonly url: string;
    }
  /** TLS client certificate from an `mtls_cert` credential. */
  | { readonly scheme: 'mtls' }
  /**
   * OCI distribution / Docker token authentication: on a 401 with `WWW-Authenticate: Bearer realm,service,scope`, ask the realm
   * for a token (with Basic credentials where there are some) and repeat; a `Basic` challenge is answered with Basic.
   * The realm must be on the endpoint's host, on a declared host or on config field `tokenRealmHost`.
   * Source: distribution.github.io/distribution/spec/auth/token/.
   */
  | { readonly scheme: 'registry-challenge'; readonly username?: string; readonly password?: string }
  /**
   * Log in once, use the returned token until it expires (Docker Hub's `/v2/auth/token`, Vault's AppRole, OAuth client credentials).
   * In `url`, `json`, `form` and `headers`, `{config.<field>}` stands for a text of the integration's config; a header, form or
   * JSON field whose config field is not set is left out, and `{config.<field>|<default>}` names what then stands there instead.
   */
  | {
      readonly scheme: 'token-exchange';
      /** Absolute, or below the integration's endpoint when it begins with `/`. A config field in it is percent-encoded, `/` kept. */
      readonly url: string;
      /** Sent as `application/json`. Exactly one of json and form. */
      readonly json?: Readonly<Record<string, string>>;
      /** Sent as `application/x-www-form-urlencoded` (OAuth 2, RFC 6749). */
      readonly form?: Readonly<Record<string, string>>;
      /** Further headers of the login; no secrets. */
      readonly headers?: Readonly<Record<string, string>>;
      /** JSON Pointers into the reply. */
      readonly tokenAt: string;
      readonly expiresInAt?: string;
      /** Used when the reply names no lifetime; seconds. */
      readonly defaultLifetimeSeconds: number;
      /** How the token goes out; default `authorization: Bearer {token}`. */
      readonly sendAs?: { readonly name: string; readonly value: string };
    }
  /**
   * A JSON Web Token (RFC 7519) signed with a private key of the credential, sent as `Authorization: Bearer`; with `exchange` it is
   * traded for a token that is kept and sent instead (GitHub Apps). Issued a minute in the past, since clocks differ.
   */
  | {
      readonly scheme: 'signed-jwt';
      readonly algorithm: 'RS256';
      /** Template of a PEM key, PKCS#1 or PKCS#8. */
      readonly privateKey: string;
      /** Templates; `iat` and `exp` are added. */
      readonly claims: Readonly<Record<string, string>>;
      /** From now until `exp`. */
      readonly lifetimeSeconds: number;
      readonly exchange?: JwtExchange;
    };

/** `POST` with the JWT, answered by a token. */
export interface JwtExchange {
  /** Below the integration's endpoint. A field of the credential in it is percent-encoded. */
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** JSON Pointers into the reply: the token, and the time (RFC 3339) when it ends. */
  readonly tokenAt: string;
  readonly expiresAtAt?: string;
  /** Seconds; used when the reply names no end, and the longest that is believed. */
  readonly defaultLifetimeSeconds: number;
}

/** One way to authenticate: which `authMode` of the config and which credential kind select it. */
export interface AuthMethod {
  readonly mode: AuthMode;
  /** Null for `none`. */
  readonly kind: CredentialKind | null;
  readonly title: string;
  /** Where the operator gets this credential. */
  readonly help: string;
  /** Integration types that this belongs to; default all of the connector's. */
  readonly types?: readonly string[];
  readonly apply: AuthScheme;
  /** Other scheme for single declared hosts (exact host name), for products whose control plane differs from their data plane. */
  readonly perHost?: Readonly<Record<string, AuthScheme>>;
  /**
   * Other scheme for paths below the endpoint that start with the prefix (`/api/`), for products that serve a control plane with
   * its own authentication on the same host. The longest prefix wins.
   */
  readonly perPath?: Readonly<Record<string, AuthScheme>>;
  /** Where answers tell which scopes are needed and which the credential has, so that a refusal can name the missing one. */
  readonly scopeHeaders?: ScopeHeaders;
  /** How this product says that the credential has expired; default any 401. Egress then gets a new one and repeats, once. */
  readonly expired?: readonly ExpirySign[];
}

/** Headers whose value is a list of scopes, separated by commas or semicolons. */
export interface ScopeHeaders {
  readonly granted?: string;
  /** One of the scopes in those that are there is enough. */
  readonly needed: readonly string[];
}

/**
 * One form of the answer "your credential has expired": the status, and every further condition that is given. For products that
 * say so by 400 or 403, or by 200 with an error in the body. What only sometimes means it must not be listed: a request that fits is
 * taken as refused for its credential and nothing else.
 */
export interface ExpirySign {
  readonly status: number;
  /** A header that contains the text, compared without case. */
  readonly header?: { readonly name: string; readonly includes: string };
  /** A value in the JSON body, at a JSON Pointer, that is one of these. */
  readonly body?: { readonly at: string; readonly oneOf: readonly (string | number | boolean)[] };
}

/**
 * The scheme for one request: `perHost` by host name, else `perPath` by the longest fitting prefix below the endpoint, else `apply`.
 * `url` is the whole URL of the request, so that `.` and `..` segments are already resolved.
 */
export function authSchemeFor(method: AuthMethod, endpoint: string, url: URL): AuthScheme {
  const byHost = method.perHost;
  if (byHost !== undefined && Object.hasOwn(byHost, url.hostname)) return byHost[url.hostname] as AuthScheme;
  const base = new URL(endpoint);
  if (url.origin !== base.origin) return method.apply;
  const root = base.pathname.replace(/\/+$/, '');
  const below = url.pathname.startsWith(`${root}/`) ? url.pathname.slice(root.length) : url.pathname;
  const fitting = Object.entries(method.perPath ?? {}).filter(([prefix]) => below.startsWith(prefix));
  fitting.sort(([a], [b]) => b.length - a.length);
  return fitting[0]?.[1] ?? method.apply;
}

/** The ways to authenticate that an integration type has, best first. */
export function authMethodsOf(
  manifest: { readonly auth: readonly AuthMethod[] },
  typeId: string,
): readonly AuthMethod[] {
  return manifest.auth.filter(({ types }) => types?.includes(typeId) ?? true);
}
