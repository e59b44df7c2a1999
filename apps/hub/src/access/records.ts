import type { ApiKeyId, Principal, Role, Scope, TenantId } from '@inthub/contracts';

export interface Tenant {
  readonly id: TenantId;
  readonly slug: string;
  readonly name: string;
  readonly approvalRequired: boolean;
  /** Nothing is sent to outside hosts for this tenant. */
  readonly offline: boolean;
  /** Exceptions of egress for this tenant, beside the operator's `HUB_EGRESS_ALLOW` and in its form. */
  readonly egressAllow: readonly string[];
  readonly createdAt: string;
}

/** What may be changed of a tenant; what is left out stays. */
export type TenantChange = Partial<Pick<Tenant, 'name' | 'approvalRequired' | 'offline' | 'egressAllow'>>;

export interface User {
  readonly id: string;
  readonly tenantId: TenantId;
  /** OIDC `sub`, when the user comes from an identity provider. */
  readonly subject: string | null;
  readonly email: string | null;
  readonly name: string;
  readonly roles: readonly Role[];
  readonly active: boolean;
  readonly createdAt: string;
}

/** An API key without its secret; `prefix` is what people recognise it by. */
export interface ApiKey {
  readonly id: ApiKeyId;
  readonly tenantId: TenantId;
  readonly name: string;
  readonly prefix: string;
  readonly scopes: readonly Scope[];
  readonly expiresAt: string | null;
  readonly lastUsedAt: string | null;
  readonly revokedAt: string | null;
  readonly createdAt: string;
  readonly createdBy: string;
}

export interface Acting {
  readonly principal: Principal;
  readonly requestId: string;
}
