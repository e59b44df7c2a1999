import type { Clock, CredentialKind, CredentialMaterial, Principal, TenantId } from '@inthub/contracts';
import type { AuditWriter } from '../audit/audit.ts';
import type { Database, TenantTx } from '../database/database.ts';
import type { EventWriter } from '../events/events.ts';
import type { Log } from '../telemetry/telemetry.ts';
import type { ConfigChecker } from './check-config.ts';
import type { TypeRegistry } from './type-registry.ts';

/** What the catalog asks of the vault; the two rooms do not know each other. */
export interface CatalogVault {
  /** Seals and stores a credential in place of the integration's present one; writes its event and audit. */
  store(
    tx: TenantTx,
    input: {
      integrationId: string;
      integrationName: string;
      connectorId: string;
      material: CredentialMaterial;
      principal: Principal;
      requestId: string;
    },
  ): Promise<{ readonly authRef: string; readonly kind: CredentialKind }>;
  /** Removes every credential of an integration; returns how many there were. */
  revoke(tx: TenantTx, input: { integrationId: string; principal: Principal; requestId: string }): Promise<number>;
  /** @throws HubError `invalid_request` at `path` unless the tenant may use the reference. */
  checkReference(tx: TenantTx, authRef: string, path: string): Promise<void>;
}

/** What the catalog asks of the health schedule. */
export interface CheckSchedule {
  /** Checks these at the next opportunity, and from then on regularly. */
  checkNow(tx: TenantTx, integrationIds: readonly string[]): Promise<void>;
  /** Checks this one no more. */
  stop(tx: TenantTx, integrationId: string): Promise<void>;
}

export interface CatalogOptions {
  readonly database: Database;
  readonly events: EventWriter;
  readonly audit: AuditWriter;
  readonly vault: CatalogVault;
  readonly schedule: CheckSchedule;
  readonly clock: Clock;
  readonly log: Log;
  /** Whether the tenant wants activation by somebody other than the creator. */
  readonly approvalRequired: (tx: TenantTx) => Promise<boolean>;
  /** In the transaction of an uninstall: forgets what other rooms keep for the integration. */
  readonly onUninstall?: (tx: TenantTx, integrationId: string) => Promise<void>;
  /** Called after the commit of a change that callers of the integration have to notice: drop what was cached for it. */
  readonly onChanged?: (tenantId: TenantId, integrationId: string) => void;
}

/** What the catalog's operations share. */
export interface CatalogContext extends CatalogOptions {
  readonly types: TypeRegistry;
  readonly configs: ConfigChecker;
}
