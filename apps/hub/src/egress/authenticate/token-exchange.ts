import type { AuthScheme } from '@inthub/connector-sdk';
import { HubError } from '@inthub/contracts';
import { isHeaderValue } from '../headers.ts';
import type { OpenCredential } from '../scope.ts';
import type { AuthContext, Authenticator } from './authorization.ts';
import { findAtPointer } from './json-pointer.ts';
import { openCredential, parseTemplate, secretsOf } from './template.ts';
import { lastingToken, type Token } from './token-store.ts';

type Scheme = Extract<AuthScheme, { scheme: 'token-exchange' }>;

/** Logs in by JSON and uses the returned bearer token until it expires. A 401 to a kept token leads to one new login. */
export function createTokenExchange(scheme: Scheme): Authenticator {
  const keyOf = ({ tenantId, integrationId }: AuthContext, { fingerprint }: OpenCredential) =>
    JSON.stringify([tenantId, integrationId, fingerprint, 'exchange', scheme.url]);

  const authorize: Authenticator['authorize'] = async (_request, context) => {
    const credential = await openCredential(context);
    let fresh = false;
    const loggingIn = context.tokens.get(keyOf(context, credential), () => {
      fresh = true;
      return logIn(scheme, credential, context);
    });
    const { value } = await context.race(loggingIn);
    return {
      headers: { authorization: `Bearer ${value}` },
      secrets: () => [value, ...secretsOf(credential.material)],
      fresh,
    };
  };

  return {
    authorize,
    async renew(request, context, { used }) {
      if (used.fresh === true) return undefined;
      const refused = used.headers['authorization']?.replace(/^Bearer /, '') ?? '';
      context.tokens.drop(keyOf(context, await openCredential(context)), refused);
      return authorize(request, context);
    },
  };
}

async function logIn(scheme: Scheme, { material }: OpenCredential, context: AuthContext): Promise<Token> {
  const url = new URL(scheme.url);
  const fields = Object.entries(scheme.json).map(([name, template]) => [name, parseTemplate(template).fill(material)]);
  const sentMs = context.clock.monotonicMs();
  const reply = await context.fetchToken({
    url,
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(Object.fromEntries(fields)),
    secrets: secretsOf(material),
  });
  const value = findAtPointer(reply, scheme.tokenAt);
  if (typeof value !== 'string' || value === '' || !isHeaderValue(value)) {
    throw new HubError(
      'provider_bad_response',
      `${url.host} answered the login without a usable token at ${scheme.tokenAt}.`,
    );
  }
  const lifetime = scheme.expiresInAt === undefined ? Number.NaN : Number(findAtPointer(reply, scheme.expiresInAt));
  return lastingToken(value, lifetime > 0 ? lifetime : scheme.defaultLifetimeSeconds, sentMs);
}
