import type {
  BudgetRule,
  CredentialKind,
  IntegrationConfig,
  IntegrationFeatures,
  ModelPrice,
  RateLimits,
  TenantId,
} from '@inthub/contracts';

/** Everything that a call needs to know of an integration; self-contained, so that runtime never asks the catalog. */
export interface InstalledIntegration {
  readonly id: string;
  readonly tenantId: TenantId;
  readonly name: string;
  readonly type: string;
  readonly connectorId: string;
  readonly connectorVersion: string;
  readonly status: string;
  /** What the last failed check said; shown to callers whom a failed integration refuses. */
  readonly lastError?: string | null;
  readonly config: IntegrationConfig;
  readonly authRef: string | null;
  /** Kind of the stored credential, where the hub's vault holds it; chooses among the connector's auth methods. */
  readonly credentialKind?: CredentialKind | null;
  readonly features: IntegrationFeatures;
  readonly rateLimits: RateLimits;
  /** Null: everything that the connector declares is allowed (the default until an admin narrows it). */
  readonly grant: Grant | null;
  /** Of the integration and of its tenant; default none. */
  readonly budgets?: readonly BudgetRule[];
  /** Row version; a change drops every cache that was filled under the old one. */
  readonly version: number;
  /** What models cost, for integrations of model providers. */
  readonly modelPrices?: readonly ModelPrice[];
}

/** What a tenant's admin has allowed an integration (RUN-5). */
export interface Grant {
  readonly grantedCapabilities: readonly string[];
  readonly deniedCapabilities: readonly string[];
  readonly dataScope: {
    readonly projects: readonly string[] | 'all';
    readonly dataTypes: readonly ('code' | 'issues' | 'messages' | 'configs' | 'secrets')[];
    readonly piiAccess: boolean;
  };
  readonly networkScope: { readonly allowedDomains: readonly string[]; readonly blockedDomains: readonly string[] };
  readonly grantedBy: string;
  readonly grantedAt: string;
  readonly reviewedAt: string | null;
  readonly expiresAt: string | null;
}
