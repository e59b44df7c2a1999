import { type AuthRef, HubError } from '@inthub/contracts';

/**
 * `env` and `file` references name the tenant that the operator meant the secret for; nobody else may use them. Whether another tenant
 * exists is not said.
 * @throws HubError `credential_unavailable`
 */
export function requireOwnScope(ref: AuthRef, tenantSlug: string): void {
  if (ref.provider !== tenantSlug) {
    throw new HubError(
      'credential_unavailable',
      `A ref://${ref.scope} reference of this tenant begins with ref://${ref.scope}/${tenantSlug}/.`,
    );
  }
}
