import { type AuthRef, HubError } from '@inthub/contracts';
import { requireOwnScope } from './own-scope.ts';

const namePattern = /^[A-Z0-9](?:_?[A-Z0-9]){0,127}$/;

/**
 * The variable behind `ref://env/<tenant slug>/<NAME>`: `HUB_SECRET_<TENANT_SLUG>__<NAME>`. Two underscores part slug and name, and a
 * name has no two in a row, so no two tenants' references can meet in one variable.
 * @throws HubError `credential_unavailable` for another tenant's reference or a bad name.
 */
export function environmentName(ref: AuthRef, tenantSlug: string): string {
  requireOwnScope(ref, tenantSlug);
  if (!namePattern.test(ref.key)) {
    throw new HubError(
      'credential_unavailable',
      `"${ref.key}" is not a name for ref://env: use A-Z, 0-9 and single underscores, for example REGISTRY_TOKEN.`,
    );
  }
  return `HUB_SECRET_${tenantSlug.toUpperCase().replaceAll('-', '_')}__${ref.key}`;
}

/** @throws HubError `credential_unavailable` naming the variable to set. */
export function readEnvironmentSecret(
  environment: ReadonlyMap<string, string>,
  ref: AuthRef,
  tenantSlug: string,
): string {
  const name = environmentName(ref, tenantSlug);
  const value = environment.get(name);
  if (value === undefined || value === '') {
    throw new HubError('credential_unavailable', `The variable ${name} is not set. Set it for the hub and restart.`);
  }
  return value;
}
