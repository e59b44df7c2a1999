import { HubError } from './errors/hub-error.ts';

/**
 * The reference that stands in a secret's place: `ref://<scope>/<provider>/<key>`, with an optional `#field`.
 *
 * - `integrations`: the hub's own vault. - `vaults`: through an installed vault integration.
 * - `file`, `env`: only from the operator's allow-listed directory and prefix.
 */
export const authRefScopes = ['integrations', 'vaults', 'file', 'env'] as const;
export type AuthRefScope = (typeof authRefScopes)[number];

export interface AuthRef {
  readonly scope: AuthRefScope;
  readonly provider: string;
  /** May hold `/`; never `..`, an empty segment, a control character or white space at its ends. */
  readonly key: string;
  readonly field?: string;
}

/** JSON Schema pattern for the text form; `parseAuthRef` is the authority. */
export const authRefPattern =
  '^ref://(integrations|vaults|file|env)/[A-Za-z0-9][A-Za-z0-9._-]{0,127}/[^\\s#?]{1,512}(#[A-Za-z0-9._-]{1,128})?$';
const authRefRegex = new RegExp(authRefPattern, 'u');

/** Parses the text form. @throws HubError `invalid_request` that names the field and the expected form. */
export function parseAuthRef(text: string, path = '/authRef'): AuthRef {
  const explain = (why: string) =>
    new HubError(
      'invalid_request',
      `${path}: ${why} Expected ref://<scope>/<provider>/<key> with scope ${authRefScopes.join(', ')}.`,
      {
        errors: [{ path, rule: 'auth_ref', message: why }],
      },
    );
  if (!authRefRegex.test(text)) throw explain('This is not an AuthRef.');
  const [location = '', field] = text.slice('ref://'.length).split('#');
  const [scope = '', provider = '', ...rest] = location.split('/');
  const key = rest.join('/');
  if (rest.some((segment) => segment === '' || segment === '.' || segment === '..')) {
    throw explain('The key has an empty, "." or ".." segment.');
  }
  if (/\p{Cc}/u.test(key)) throw explain('The key has a control character.');
  return { scope: scope as AuthRefScope, provider, key, ...(field === undefined ? {} : { field }) };
}

export function formatAuthRef(ref: AuthRef): string {
  return `ref://${ref.scope}/${ref.provider}/${ref.key}${ref.field === undefined ? '' : `#${ref.field}`}`;
}
