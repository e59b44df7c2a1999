import { type CredentialKind, type CredentialMaterial, HubError, invalidField } from '@inthub/contracts';
import type { CatalogType } from './catalog-types.ts';

/** How an integration gets its credential in one change: a new secret, a reference, or neither. */
export interface CredentialInput {
  readonly credentials?: CredentialMaterial;
  readonly authRef?: string;
}

/** The credential kinds that a type takes in one auth mode, best first; empty when the mode needs none. */
export function kindsFor(type: CatalogType, authMode: string): readonly CredentialKind[] {
  const kinds = type.auth.filter(({ mode, kind }) => mode === authMode && kind !== null).map(({ kind }) => kind);
  return [...new Set(kinds)] as CredentialKind[];
}

/** True when the mode works without any credential (`none`, or the machine's own identity). */
function worksWithout(type: CatalogType, authMode: string): boolean {
  return type.auth.some(({ mode, kind }) => mode === authMode && kind === null);
}

/**
 * Checks that what is given fits the auth mode.
 * @throws HubError `invalid_request` naming the field, what the type takes, and the way out.
 */
export function checkCredentialInput(type: CatalogType, authMode: string, input: CredentialInput): void {
  const { credentials, authRef } = input;
  if (credentials !== undefined && authRef !== undefined) {
    throw invalidField('/authRef', 'is given beside /credentials; send one of the two', 'conflict');
  }
  const kinds = kindsFor(type, authMode);
  if (kinds.length === 0 && (credentials !== undefined || authRef !== undefined)) {
    const path = credentials === undefined ? '/authRef' : '/credentials';
    throw invalidField(
      path,
      `config.authMode "${authMode}" takes no credential; ${modesWithCredential(type)}`,
      'auth_mode',
    );
  }
  if (credentials !== undefined) checkKind(type, authMode, credentials.kind, '/credentials/kind');
}

/** @throws HubError `invalid_request` unless the kind is one that the mode takes. */
export function checkKind(type: CatalogType, authMode: string, kind: string, path: string): void {
  const kinds: readonly string[] = kindsFor(type, authMode);
  if (kinds.includes(kind)) return;
  const other = type.auth.find((method) => method.kind === kind);
  const hint = other === undefined ? modesWithCredential(type) : `${kind} goes with config.authMode "${other.mode}"`;
  const takes = kinds.length === 0 ? 'takes no credential' : `takes ${kinds.join(' or ')}`;
  throw invalidField(
    path,
    `config.authMode "${authMode}" of ${type.id} ${takes}, not ${kind}; ${hint}`,
    'credential_kind',
  );
}

/** @throws HubError `conflict` when an integration is to be verified that cannot have a way in. */
export function requireCredential(type: CatalogType, authMode: string, authRef: string | null): void {
  if (authRef !== null || worksWithout(type, authMode)) return;
  const kinds = kindsFor(type, authMode).join(' or ');
  throw new HubError(
    'conflict',
    `config.authMode "${authMode}" needs a credential first: send credentials (${kinds}) or an authRef.`,
    {
      errors: [{ path: '/credentials', rule: 'required', message: `config.authMode "${authMode}" needs a credential` }],
    },
  );
}

function modesWithCredential(type: CatalogType): string {
  const takes = type.auth.filter(({ kind }) => kind !== null).map(({ mode, kind }) => `${mode} (${kind})`);
  return takes.length === 0 ? `${type.id} needs no credential` : `${type.id} offers ${[...new Set(takes)].join(', ')}`;
}
