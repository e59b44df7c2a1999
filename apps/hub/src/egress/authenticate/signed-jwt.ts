import { createPrivateKey, type KeyObject } from 'node:crypto';
import type { AuthScheme, JwtExchange } from '@inthub/connector-sdk';
import { type CredentialMaterial, HubError } from '@inthub/contracts';
import { SignJWT } from 'jose';
import { isHeaderValue } from '../headers.ts';
import type { OpenCredential } from '../scope.ts';
import type { AuthContext, Authenticator, Authorization } from './authorization.ts';
import { findAtPointer } from './json-pointer.ts';
import { openCredential, parseTemplate, secretsOf } from './template.ts';
import { lastingToken, type Token } from './token-store.ts';

type Scheme = Extract<AuthScheme, { scheme: 'signed-jwt' }>;

/** The provider's clock may be behind ours: a token from its future is refused. */
const backdateSeconds = 60;
/** A kept token is replaced this long before it ends, so that long requests do not outlive it. */
const renewBeforeSeconds = 300;
const credentialField = /\{([A-Za-z]+)\}/g;

/** Signs a JWT for each request, or for each exchange; a token that was exchanged is kept, and one refusal leads to one new exchange. */
export function createSignedJwt(scheme: Scheme): Authenticator {
  const sign = createSigner(scheme);
  const { exchange } = scheme;
  if (exchange === undefined) {
    return {
      async authorize(_request, context) {
        const { material } = await openCredential(context);
        return bearer(await sign(material, context.clock.now()), material);
      },
    };
  }

  const keyOf = ({ tenantId, integrationId, settings }: AuthContext, { fingerprint, material }: OpenCredential) =>
    JSON.stringify([tenantId, integrationId, fingerprint, 'jwt', exchangeUrl(exchange, settings, material).href]);

  const authorize: Authenticator['authorize'] = async (_request, context) => {
    const credential = await openCredential(context);
    let fresh = false;
    const exchanging = context.tokens.get(keyOf(context, credential), async () => {
      fresh = true;
      const jwt = await sign(credential.material, context.clock.now());
      return trade(exchange, jwt, credential.material, context);
    });
    const { value } = await context.race(exchanging);
    return { ...bearer(value, credential.material), fresh };
  };

  return {
    authorize,
    async renew(request, context, { used }) {
      if (used.fresh === true) return undefined;
      const token = used.headers['authorization']?.slice('Bearer '.length) ?? '';
      context.tokens.drop(keyOf(context, await openCredential(context)), token);
      return authorize(request, context);
    },
  };
}

function bearer(value: string, material: CredentialMaterial): Authorization {
  return { headers: { authorization: `Bearer ${value}` }, secrets: () => [value, ...secretsOf(material)] };
}

function createSigner({ algorithm, privateKey, claims, lifetimeSeconds }: Scheme) {
  const keyTemplate = parseTemplate(privateKey);
  const claimTemplates = Object.entries(claims).map(([name, text]) => [name, parseTemplate(text)] as const);
  return async (material: CredentialMaterial, now: Date): Promise<string> => {
    const key = readKey(keyTemplate.fill(material));
    const payload = Object.fromEntries(claimTemplates.map(([name, template]) => [name, template.fill(material)]));
    const seconds = Math.floor(now.getTime() / 1000);
    return new SignJWT(payload)
      .setProtectedHeader({ alg: algorithm, typ: 'JWT' })
      .setIssuedAt(seconds - backdateSeconds)
      .setExpirationTime(seconds + lifetimeSeconds)
      .sign(key);
  };
}

/** RS256 wants an RSA key of 2048 bits or more (RFC 7518 §3.3). The reason of a failure could quote the key, so it is not kept. */
function readKey(pem: string): KeyObject {
  let key: KeyObject | undefined;
  try {
    // Pasted into one line, a key has its line breaks written out.
    key = createPrivateKey(pem.includes('\n') ? pem : pem.replaceAll('\\n', '\n'));
  } catch {
    key = undefined;
  }
  if (key?.asymmetricKeyType === 'rsa' && (key.asymmetricKeyDetails?.modulusLength ?? 0) >= 2048) return key;
  throw new HubError(
    'credential_unavailable',
    'The private key of the credential is not an RSA key of 2048 bits or more in PEM form; store the whole file again, first and last line included.',
  );
}

async function trade(
  exchange: JwtExchange,
  jwt: string,
  material: CredentialMaterial,
  context: AuthContext,
): Promise<Token> {
  const url = exchangeUrl(exchange, context.settings, material);
  const sentMs = context.clock.monotonicMs();
  const reply = await context.fetchToken({
    url,
    method: 'POST',
    headers: { ...exchange.headers, authorization: `Bearer ${jwt}` },
    secrets: [jwt, ...secretsOf(material)],
  });
  const value = findAtPointer(reply, exchange.tokenAt);
  if (typeof value !== 'string' || value === '' || !isHeaderValue(value)) {
    throw new HubError(
      'provider_bad_response',
      `${url.host} answered the token request without a usable token at ${exchange.tokenAt}.`,
    );
  }
  return lastingToken(value, lifetimeOf(reply, exchange, context.clock.now()), sentMs, renewBeforeSeconds);
}

/** Seconds; what the reply says beyond the documented lifetime is a clock that is off. */
function lifetimeOf(reply: unknown, { expiresAtAt, defaultLifetimeSeconds }: JwtExchange, now: Date): number {
  const text = expiresAtAt === undefined ? undefined : findAtPointer(reply, expiresAtAt);
  const seconds = (Date.parse(typeof text === 'string' ? text : '') - now.getTime()) / 1000;
  return seconds > 0 ? Math.min(seconds, defaultLifetimeSeconds) : defaultLifetimeSeconds;
}

function exchangeUrl(
  { url }: JwtExchange,
  { endpoint, basePath }: AuthContext['settings'],
  material: CredentialMaterial,
): URL {
  const path = url.replaceAll(credentialField, (field) => encodeURIComponent(parseTemplate(field).fill(material)));
  if (/(?:^|\/)\.\.?(?:\/|$)/.test(path))
    throw new HubError('credential_unavailable', 'The credential holds "." where an id belongs; store it anew.');
  return new URL(`${endpoint.origin}${basePath}${path}`);
}
