import type { AuthScheme } from '@inthub/connector-sdk';
import { type CredentialMaterial, HubError } from '@inthub/contracts';
import type { Authenticator, Authorization } from './authorization.ts';
import { parseTemplate, secretsOf, withCredential } from './template.ts';

/** `Authorization: Basic …` (RFC 7617), in UTF-8. */
export function createBasic(scheme: Extract<AuthScheme, { scheme: 'basic' }>): Authenticator {
  const username = parseTemplate(scheme.username);
  const password = parseTemplate(scheme.password);
  return {
    authorize: (_request, context) =>
      withCredential(context, ({ material }) =>
        basicAuthorization(username.fill(material), password.fill(material), material),
      ),
  };
}

/** @throws HubError `credential_unavailable` for a user name that Basic cannot carry. */
export function basicAuthorization(username: string, password: string, material: CredentialMaterial): Authorization {
  // RFC 7617 §2: the first colon ends the user name, so it can hold none.
  if (username.includes(':')) {
    throw new HubError(
      'credential_unavailable',
      'The user name of the credential holds a colon, which Basic authentication cannot carry.',
    );
  }
  const encoded = Buffer.from(`${username}:${password}`, 'utf8').toString('base64');
  return { headers: { authorization: `Basic ${encoded}` }, secrets: () => [encoded, password, ...secretsOf(material)] };
}
