import { type CredentialMaterial, HubError } from '@inthub/contracts';
import { isHeaderValue } from '../headers.ts';
import type { OpenCredential } from '../scope.ts';
import type { AuthContext, Authorization } from './authorization.ts';

const placeholder = /\{([A-Za-z]+)\}/;
/** Names, not secrets (see CredentialMaterial). */
const open = new Set(['kind', 'username', 'appId', 'installationId', 'expiresAt']);

/** The integration's credential. @throws HubError `credential_unavailable` when it has none. */
export function openCredential({ open: openIt, race }: AuthContext): OpenCredential | Promise<OpenCredential> {
  const opening = openIt();
  if (opening === undefined) {
    throw new HubError(
      'credential_unavailable',
      'This integration needs a credential and has none; store one or set its authRef.',
    );
  }
  return opening instanceof Promise ? race(opening) : opening;
}

/** What a scheme makes of the integration's credential. @throws HubError `credential_unavailable` */
export function withCredential(
  context: AuthContext,
  authorize: (credential: OpenCredential) => Authorization,
): Authorization | Promise<Authorization> {
  const opened = openCredential(context);
  return opened instanceof Promise ? opened.then(authorize) : authorize(opened);
}

/** A template read once: text, field, text, field, …, text. */
export interface Template {
  /**
   * Fills `{field}` from the credential's material.
   * @throws HubError `credential_unavailable` naming the field that is missing, never a value.
   */
  fill(material: CredentialMaterial): string;
  /** As `fill`, for a header: a line break (often at the end of a pasted token) would end the header. */
  fillHeader(material: CredentialMaterial): string;
}

export function parseTemplate(text: string): Template {
  const parts = text.split(placeholder);
  const fill = (material: CredentialMaterial) => {
    let filled = parts[0] ?? '';
    for (let at = 1; at < parts.length; at += 2) filled += fieldOf(material, parts[at] ?? '') + (parts[at + 1] ?? '');
    return filled;
  };
  return {
    fill,
    fillHeader(material) {
      const value = fill(material);
      if (isHeaderValue(value)) return value;
      throw new HubError(
        'credential_unavailable',
        `The credential (kind ${material.kind}) holds a line break or another character that cannot stand in a header; store it anew without.`,
        { details: { kind: material.kind } },
      );
    },
  };
}

function fieldOf(material: CredentialMaterial, field: string): string {
  const value = Object.hasOwn(material, field) ? (material as Readonly<Record<string, unknown>>)[field] : undefined;
  if (typeof value === 'string' && value !== '') return value;
  throw new HubError(
    'credential_unavailable',
    `The credential (kind ${material.kind}) has no field "${field}", which this connector needs; store a credential that has it.`,
    { details: { field, kind: material.kind } },
  );
}

/** The secret values of a credential. */
export function secretsOf(material: CredentialMaterial): readonly string[] {
  return Object.entries(material).flatMap(([field, value]) =>
    typeof value === 'string' && !open.has(field) ? [value] : [],
  );
}
