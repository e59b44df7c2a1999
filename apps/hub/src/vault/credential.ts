import type { CredentialKind, CredentialMaterial, Principal, TenantId } from '@inthub/contracts';

/** What is known of a credential without opening it. */
export interface CredentialInfo {
  readonly id: string;
  readonly integrationId: string;
  readonly kind: CredentialKind;
  /** AuthRef that points at it. */
  readonly authRef: string;
  readonly version: number;
  readonly keyId: string;
  readonly expiresAt: string | null;
  readonly createdAt: string;
  readonly rotatedAt: string | null;
}

/** An opened credential. Lives in memory only, is never logged, and goes only to egress. */
export interface ResolvedCredential {
  /** What is really there; it may differ from the kind that was asked for, the auth method is chosen by it. */
  readonly kind: CredentialKind;
  readonly material: CredentialMaterial;
  /** Changes whenever the secret does; keys the token caches of egress. */
  readonly fingerprint: string;
}

export interface ResolveRequest {
  readonly tenantId: TenantId;
  readonly integrationId: string;
  /** AuthRef text of the integration. */
  readonly authRef: string;
  /** Kind expected by the connector's auth method; `env` and `file` references hold bare text and take this kind's shape. */
  readonly kind: CredentialKind;
  /** Who the access is for, for the audit. */
  readonly principal: Pick<Principal, 'kind' | 'id' | 'name'>;
  readonly requestId: string;
  /** Fingerprint of what the provider has just called expired: whatever is kept of it is not handed out again. */
  readonly refused?: string;
}

/**
 * An integration has one credential that calls out (`access`) and, beside it, one that checks incoming webhooks. Storing another kind
 * for the same purpose replaces what was there.
 */
export type CredentialPurpose = 'access' | 'webhook';

export function purposeOf(kind: CredentialKind): CredentialPurpose {
  return kind === 'webhook_secret' ? 'webhook' : 'access';
}
