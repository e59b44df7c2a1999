import type { IntegrationTypeManifest } from '@inthub/connector-sdk';
import type { CredentialMaterial, HealthStatus, Integration, IntegrationStatus, Principal } from '@inthub/contracts';
import type { TObject } from 'typebox';

/** An integration type as the catalog knows it; the app fills the list from the connector registry. */
export interface CatalogType {
  readonly id: string;
  readonly connectorId: string;
  readonly connectorVersion: string;
  readonly connectorName: string;
  readonly icon: string;
  readonly manifest: IntegrationTypeManifest;
  /** Composed, closed schema of `config`. */
  readonly configSchema: TObject;
  /** Auth modes and the credential kind each takes. */
  readonly auth: readonly { mode: string; kind: string | null; title: string; help: string }[];
  readonly actionIds: readonly string[];
}

export interface NewIntegration {
  readonly type: string;
  readonly name: string;
  readonly config: unknown;
  readonly credentials?: CredentialMaterial;
  readonly authRef?: string;
  readonly description?: string | null;
  readonly environment?: string | null;
  readonly tags?: readonly string[];
  readonly ownerId?: string | null;
  readonly features?: Partial<Integration['features']>;
  readonly rateLimits?: Integration['rateLimits'];
  /** Move straight to `pending_verification`. */
  readonly submit?: boolean;
  /** Takes the profile's settings where `config` gives none. */
  readonly profileId?: string;
  /** True takes the profile's AuthRef too; never without being asked. */
  readonly confirmCredentialReuse?: boolean;
}

/**
 * Fields that PUT (all) and PATCH (those given) change. `type` never changes. Without `credentials` and `authRef` the present
 * credential stays: a secret is never handed out, so nobody could send it back.
 */
export type IntegrationChange = Partial<
  Omit<NewIntegration, 'type' | 'submit' | 'profileId' | 'confirmCredentialReuse'>
>;

export interface IntegrationFilter {
  readonly type?: string;
  readonly category?: string;
  readonly connector?: string;
  /** Uninstalled integrations are listed only when asked for by this. */
  readonly status?: IntegrationStatus;
  readonly health?: HealthStatus;
  readonly environment?: string;
  readonly tag?: string;
  readonly owner?: string;
  /** Free text over name and description. */
  readonly q?: string;
}

/** Who acts, and for which request; goes into createdBy, events and audit. */
export interface Acting {
  readonly principal: Principal;
  readonly requestId: string;
}

export interface CheckOutcomeRecord {
  readonly success: boolean;
  readonly message: string;
  readonly latencyMs: number;
  readonly errorCode: string | null;
  /** True when offline mode skipped the network: nothing is counted, only noted. */
  readonly skipped?: boolean;
}

/** What the gateway counted for one integration since it last told. */
export interface UsageDelta {
  readonly integrationId: string;
  readonly requests: number;
  readonly errors: number;
  /** Sum over the requests. */
  readonly latencyMs: number;
  readonly lastActivityAt: Date;
}
