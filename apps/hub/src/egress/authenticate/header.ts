import type { AuthScheme } from '@inthub/connector-sdk';
import type { Authenticator } from './authorization.ts';
import { parseTemplate, secretsOf, withCredential } from './template.ts';

/** A header of the product's own, for example `PRIVATE-TOKEN`. */
export function createHeader({ name, value }: Extract<AuthScheme, { scheme: 'header' }>): Authenticator {
  const field = name.toLowerCase();
  const template = parseTemplate(value);
  return {
    authorize: (_request, context) =>
      withCredential(context, ({ material }) => {
        const text = template.fillHeader(material);
        return { headers: { [field]: text }, secrets: () => [text, ...secretsOf(material)] };
      }),
  };
}
