/// <reference path="./oidc-provider.d.ts" />
/**
 * A real OpenID Provider (oidc-provider 9) on 127.0.0.1. Clients get JWT access tokens by client_credentials (RFC 6749 §4.4, RFC
 * 8707, RFC 9068), verified through its JWKS; tokens with defects come from `mint`, signed with the provider's own keys.
 */
import { randomBytes } from 'node:crypto';
import { createServer, type RequestListener } from 'node:http';
import type { JWTPayload } from 'jose';
import { listenOnLoopback } from './loopback-server.ts';
import { createSigningKey, mintToken, type SigningKey, type TokenDefect } from './odd-tokens.ts';

export interface OidcClient {
  clientId: string;
  clientSecret: string;
  /** Extra claims of this client's access tokens, such as tenant and roles. */
  claims?: Readonly<Record<string, unknown>>;
}

export interface StartOidcProviderOptions {
  /** `aud` of the access tokens. Default `inthub`. */
  audience?: string;
  /** Scopes that clients may ask for. Default: none. */
  scopes?: readonly string[];
  /** Default: one client `client` with a random secret. */
  clients?: readonly OidcClient[];
  /** Lifetime of access tokens. Default 300. */
  accessTokenSeconds?: number;
}

export interface OidcProvider {
  issuer: string;
  jwksUri: string;
  tokenEndpoint: string;
  audience: string;
  clients: readonly OidcClient[];
  /** How often the key set was fetched. */
  readonly jwksRequests: number;
  /** A genuine access token. Throws with the provider's error when it refuses. `client` defaults to the first. */
  requestToken(options?: { client?: Pick<OidcClient, 'clientId' | 'clientSecret'>; scope?: string }): Promise<string>;
  /** A token signed here with the provider's current key (see `tokenDefects`); `claims` are added or replace. */
  mint(kind: 'good' | TokenDefect, claims?: JWTPayload): Promise<string>;
  /** Publishes a new signing key; with `keepOld` false, tokens signed so far lose their key. */
  rotateKeys(options?: { keepOld?: boolean }): Promise<void>;
  stop(): Promise<void>;
}

// RFC 8707 wants a URI; the audience in the token is the caller's own.
const resource = 'urn:inthub:test';

// JWT access tokens and configured clients need no storage; the built-in store would print a warning at each start.
const emptyStore = () => ({
  find: async () => undefined,
  upsert: async () => undefined,
  destroy: async () => undefined,
});

export async function startOidcProvider(options: StartOidcProviderOptions = {}): Promise<OidcProvider> {
  const { audience = 'inthub', scopes = [], accessTokenSeconds = 300 } = options;
  const clients = options.clients ?? [{ clientId: 'client', clientSecret: randomBytes(24).toString('base64url') }];
  const { Provider } = await import('oidc-provider');
  const foreignKey = await createSigningKey();
  let keys: [SigningKey, ...SigningKey[]] = [await createSigningKey()];
  let jwksRequests = 0;
  let handle: RequestListener;

  const server = createServer((request, response) => {
    if (request.url === '/jwks') jwksRequests += 1;
    handle(request, response);
  });
  // The issuer holds the port, so it must be known first.
  const { port, stop } = await listenOnLoopback(server);
  const issuer = `http://127.0.0.1:${port}`;
  const tokenEndpoint = `${issuer}/token`;

  const serve = (): void => {
    const resourceServer = {
      scope: scopes.join(' '),
      audience,
      accessTokenFormat: 'jwt' as const,
      accessTokenTTL: accessTokenSeconds,
      jwt: { sign: { alg: 'RS256', kid: keys[0].kid } },
    };
    const provider = new Provider(issuer, {
      clients: clients.map(({ clientId, clientSecret }) => ({
        client_id: clientId,
        client_secret: clientSecret,
        grant_types: ['client_credentials'],
        response_types: [],
        redirect_uris: [],
      })),
      adapter: emptyStore,
      jwks: { keys: keys.map(({ privateJwk }) => privateJwk) },
      scopes: [...scopes],
      cookies: { keys: [randomBytes(16).toString('hex')] },
      clientBasedCORS: () => false,
      ttl: { ClientCredentials: accessTokenSeconds },
      features: {
        devInteractions: { enabled: false },
        clientCredentials: { enabled: true },
        resourceIndicators: {
          enabled: true,
          defaultResource: () => resource,
          getResourceServerInfo: () => resourceServer,
        },
      },
      extraTokenClaims: (_context, token) => clients.find(({ clientId }) => clientId === token.clientId)?.claims,
    });
    handle = provider.callback();
  };
  serve();

  return {
    issuer,
    jwksUri: `${issuer}/jwks`,
    tokenEndpoint,
    audience,
    clients,
    get jwksRequests() {
      return jwksRequests;
    },
    async requestToken({ client = clients[0], scope } = {}) {
      if (!client) throw new Error('startOidcProvider was given no clients');
      const credential = Buffer.from(
        `${encodeURIComponent(client.clientId)}:${encodeURIComponent(client.clientSecret)}`,
      ).toString('base64');
      const response = await fetch(tokenEndpoint, {
        method: 'POST',
        headers: { authorization: `Basic ${credential}` },
        body: new URLSearchParams({ grant_type: 'client_credentials', ...(scope !== undefined && { scope }) }),
      });
      const body = (await response.json()) as { access_token?: string; error?: string; error_description?: string };
      if (body.access_token === undefined)
        throw new Error(`The provider refused: ${body.error} (${body.error_description})`);
      return body.access_token;
    },
    mint(kind, claims) {
      return mintToken(kind, { issuer, audience, key: keys[0], foreignKey, ...(claims && { claims }) });
    },
    async rotateKeys({ keepOld = true } = {}) {
      keys = [await createSigningKey(), ...(keepOld ? keys : [])];
      serve();
    },
    stop,
  };
}
