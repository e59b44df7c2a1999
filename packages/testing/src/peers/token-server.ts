/**
 * The token service of a registry: `GET /token?service=…&scope=…&account=…`, optionally with Basic credentials, answers a JWT
 * that a real docker-registry verifies. Source: Distribution "Token Authentication Specification" and "Token Scope Documentation".
 */

import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import { SignJWT, UnsecuredJWT } from 'jose';
import { certificateBase64, createSelfSigned } from './certificate-authority.ts';
import { listenOnLoopback } from './loopback-server.ts';

/** Repository (or `*` for each) → actions allowed there. The catalog is `registry:catalog`. */
export type Grants = Readonly<Record<string, readonly string[]>>;

export interface TokenServerAccount {
  username: string;
  password: string;
  grants: Grants;
}

export interface StartTokenServerOptions {
  accounts?: readonly TokenServerAccount[];
  /** What a caller without credentials gets. Default: nothing. */
  anonymous?: Grants;
  /** Name of the protected service, the token's audience. Default `registry.test`. */
  service?: string;
  /** Lifetime given in `expires_in`, seconds. Default 300. */
  expiresInSeconds?: number;
}

/**
 * What the next tokens are like: `good`; `expired` an hour ago; `wrong-scope` grants another repository; `wrong-audience`;
 * `wrong-issuer`; `wrong-key` is signed by a key that the registry does not trust; `alg-none` is not signed.
 */
export type TokenKind =
  | 'good'
  | 'expired'
  | 'wrong-scope'
  | 'wrong-audience'
  | 'wrong-issuer'
  | 'wrong-key'
  | 'alg-none';

export interface TokenRequest {
  service: string | undefined;
  scopes: string[];
  account: string | undefined;
  /** User name of a correct Basic credential; undefined for an anonymous or refused caller. */
  authenticatedAs: string | undefined;
  status: number;
}

export interface TokenServer {
  /** What the registry puts in the `realm` of its challenge. */
  realm: string;
  service: string;
  issuer: string;
  /** The certificate to trust, for the registry's `rootcertbundle`. */
  certPem: string;
  /** Every request so far. */
  requests: TokenRequest[];
  /** Changes what the tokens from now on are like. */
  issue(kind: TokenKind): void;
  stop(): Promise<void>;
}

interface Access {
  type: string;
  name: string;
  actions: string[];
}

const issuer = 'inthub-test-issuer';

export async function startTokenServer(options: StartTokenServerOptions = {}): Promise<TokenServer> {
  const { accounts = [], anonymous = {}, service = 'registry.test', expiresInSeconds = 300 } = options;
  const trusted = await createSelfSigned(issuer, 'rsa');
  const stranger = await createSelfSigned(issuer, 'rsa');
  const requests: TokenRequest[] = [];
  let kind: TokenKind = 'good';

  async function mint(access: Access[], subject: string): Promise<{ token: string; issuedAt: Date }> {
    const nowSeconds = Math.floor(Date.now() / 1000) - (kind === 'expired' ? 3600 + expiresInSeconds : 0);
    const granted =
      kind === 'wrong-scope' ? access.map((entry) => ({ ...entry, name: `${entry.name}-another` })) : access;
    const claims = {
      iss: kind === 'wrong-issuer' ? 'another-issuer' : issuer,
      sub: subject,
      aud: kind === 'wrong-audience' ? 'another-service' : service,
      iat: nowSeconds,
      nbf: nowSeconds - 5,
      exp: nowSeconds + expiresInSeconds,
      jti: randomUUID(),
      access: granted,
    };
    const issuedAt = new Date(nowSeconds * 1000);
    if (kind === 'alg-none') return { token: new UnsecuredJWT(claims).encode(), issuedAt };
    const signer = kind === 'wrong-key' ? stranger : trusted;
    const header = { alg: 'RS256', typ: 'JWT', x5c: [certificateBase64(signer.certPem)] };
    return { token: await new SignJWT(claims).setProtectedHeader(header).sign(signer.keys.privateKey), issuedAt };
  }

  const server = createServer((request, response) => {
    void (async () => {
      const url = new URL(request.url ?? '/', 'http://token.test');
      const answer = (status: number, body: unknown): void => {
        response
          .writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' })
          .end(JSON.stringify(body));
      };
      if (request.method !== 'GET' || url.pathname !== '/token')
        return answer(404, { errors: [{ code: 'NOT_FOUND', message: 'only GET /token is served' }] });

      const scopes = url.searchParams.getAll('scope').flatMap((scope) => scope.split(' ').filter(Boolean));
      const seen = {
        service: url.searchParams.get('service') ?? undefined,
        scopes,
        account: url.searchParams.get('account') ?? undefined,
      };
      const credential = readBasic(request);
      const account =
        credential &&
        accounts.find(({ username, password }) => username === credential.username && password === credential.password);
      const refused = (credential !== undefined && account === undefined) || seen.service !== service;
      requests.push({ ...seen, authenticatedAs: account?.username, status: refused ? 401 : 200 });
      if (refused)
        return answer(401, { errors: [{ code: 'UNAUTHORIZED', message: 'incorrect username, password or service' }] });

      // A token for less than was asked is still 200: the registry, not this service, then refuses the request.
      const access = scopes.flatMap((scope) => grant(scope, account?.grants ?? anonymous));
      const { token, issuedAt } = await mint(access, account?.username ?? '');
      answer(200, { token, access_token: token, expires_in: expiresInSeconds, issued_at: issuedAt.toISOString() });
    })().catch((error: unknown) => response.destroy(error as Error));
  });
  const { port, stop } = await listenOnLoopback(server);

  return {
    realm: `http://127.0.0.1:${port}/token`,
    service,
    issuer,
    certPem: trusted.certPem,
    requests,
    issue(next) {
      kind = next;
    },
    stop,
  };
}

// resourcetype ":" name ":" actions; a name may hold a port, so the type ends at the first colon and the actions start at the last.
function grant(scope: string, grants: Grants): Access[] {
  const parts = /^([a-z0-9]+(?:\([a-z0-9]+\))?):(.+):([a-z*,]+)$/.exec(scope);
  if (!parts) return [];
  const [, type = '', name = '', asked = ''] = parts;
  const allowed = type === 'repository' ? (grants[name] ?? grants['*'] ?? []) : (grants[`${type}:${name}`] ?? []);
  const actions = asked.split(',').filter((action) => allowed.includes(action));
  return actions.length > 0 ? [{ type, name, actions }] : [];
}

function readBasic(request: IncomingMessage): { username: string; password: string } | undefined {
  const encoded = /^Basic (.+)$/i.exec(request.headers.authorization ?? '')?.[1];
  if (encoded === undefined) return undefined;
  const [username = '', ...rest] = Buffer.from(encoded, 'base64').toString('utf8').split(':');
  return { username, password: rest.join(':') };
}
