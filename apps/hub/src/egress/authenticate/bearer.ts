import type { AuthScheme } from '@inthub/connector-sdk';
import type { Authenticator } from './authorization.ts';
import { parseTemplate, secretsOf, withCredential } from './template.ts';

/** `Authorization: Bearer …` (RFC 6750 §2.1). */
export function createBearer({ token }: Extract<AuthScheme, { scheme: 'bearer' }>): Authenticator {
  const template = parseTemplate(token);
  return {
    authorize: (_request, context) =>
      withCredential(context, ({ material }) => {
        const value = template.fillHeader(material);
        return { headers: { authorization: `Bearer ${value}` }, secrets: () => [value, ...secretsOf(material)] };
      }),
  };
}
