import type { AuthScheme } from '@inthub/connector-sdk';
import { HubError } from '@inthub/contracts';
import { isHeaderValue } from '../headers.ts';
import type { OpenCredential } from '../scope.ts';
import type { AuthContext, Authenticator } from './authorization.ts';
import { findAtPointer } from './json-pointer.ts';
import { loginRequest, loginTarget } from './login-request.ts';
import { openCredential, secretsOf } from './template.ts';
import { lastingToken, type Token } from './token-store.ts';

type Scheme = Extract<AuthScheme, { scheme: 'token-exchange' }>;

/** Logs in and uses the returned token until it expires. A 401 to a kept token leads to one new login. */
export function createTokenExchange(scheme: Scheme): Authenticator {
  const { name, value: form } = scheme.sendAs ?? { name: 'authorization', value: 'Bearer {token}' };
  const header = name.toLowerCase();
  const [before = '', after = ''] = form.split('{token}');
  const keyOf = ({ tenantId, integrationId, settings }: AuthContext, { fingerprint }: OpenCredential) =>
    JSON.stringify([tenantId, integrationId, fingerprint, 'exchange', loginTarget(scheme, settings)]);

  const authorize: Authenticator['authorize'] = async (_request, context) => {
    const credential = await openCredential(context);
    let fresh = false;
    const loggingIn = context.tokens.get(keyOf(context, credential), () => {
      fresh = true;
      return logIn(scheme, credential, context);
    });
    const { value } = await context.race(loggingIn);
    return {
      headers: { [header]: `${before}${value}${after}` },
      secrets: () => [value, ...secretsOf(credential.material)],
      fresh,
    };
  };

  return {
    authorize,
    async renew(request, context, { used }) {
      if (used.fresh === true) return undefined;
      const refused = used.headers[header] ?? '';
      const token = refused.slice(before.length, refused.length - after.length);
      context.tokens.drop(keyOf(context, await openCredential(context)), token);
      return authorize(request, context);
    },
  };
}

async function logIn(scheme: Scheme, { material }: OpenCredential, context: AuthContext): Promise<Token> {
  const { url, headers, body } = loginRequest(scheme, context.settings, material);
  const sentMs = context.clock.monotonicMs();
  const reply = await context.fetchToken({ url, method: 'POST', headers, body, secrets: secretsOf(material) });
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
