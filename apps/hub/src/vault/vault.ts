import type { Clock, CredentialMaterial, Principal } from '@inthub/contracts';
import type { AuditWriter } from '../audit/audit.ts';
import type { Database, TenantTx } from '../database/database.ts';
import type { EventWriter } from '../events/events.ts';
import type { Log } from '../telemetry/telemetry.ts';
import type { CredentialInfo, ResolvedCredential, ResolveRequest } from './credential.ts';
import { createCredentialCache } from './credential-cache.ts';
import { findCredential } from './credential-repository.ts';
import { describe, revokeCredentials, storeCredential } from './credential-store.ts';
import type { KeyProvider } from './key-provider.ts';
import { auditChainKeys, createKeyRing } from './key-ring.ts';
import { loadMasterKeys } from './master-key-file.ts';
import { createReferenceResolver, type OutsideVaultReader } from './reference-resolver.ts';
import { keysInUse, type RekeyResult, rekey, type TenantLister } from './rekey.ts';
import { createSealedBoxes } from './sealed-box.ts';
import { openWebhookSecrets } from './webhook-secrets.ts';

export type { CredentialInfo, ResolvedCredential, ResolveRequest } from './credential.ts';
export type { KeyProvider, WrappedKey } from './key-provider.ts';
export type { OutsideVaultReader } from './reference-resolver.ts';
export type { SealedBoxes } from './sealed-box.ts';
export { auditChainKeys, createKeyRing, createSealedBoxes, loadMasterKeys };

/** Sealed storage of credentials, and the only place that opens them. */
export interface Vault {
  /** Seals and stores a new version for an integration; returns its AuthRef. Writes event and audit in the same transaction. */
  store(
    tx: TenantTx,
    input: {
      integrationId: string;
      integrationName: string;
      connectorId: string;
      /** For a webhook secret: which of the integration's. */
      slot?: string;
      material: CredentialMaterial;
      principal: Principal;
      requestId: string;
    },
  ): Promise<CredentialInfo>;
  /** Removes every credential of an integration; with `slots`, only the webhook secrets in these. */
  revoke(
    tx: TenantTx,
    input: { integrationId: string; slots?: readonly string[]; principal: Principal; requestId: string },
  ): Promise<number>;
  /** The credential that calls out; a webhook secret is not shown here. */
  find(tx: TenantTx, integrationId: string): Promise<CredentialInfo | undefined>;
  /**
   * Opens what an AuthRef points at; briefly cached, and then at hand; every real access is audited.
   * @throws HubError `credential_unavailable` saying which reference failed and how to mend it, never the secret.
   */
  resolve(request: ResolveRequest): ResolvedCredential | Promise<ResolvedCredential>;
  /**
   * Opens every webhook secret of an integration, by slot; audited as one access. Not cached: who checks deliveries keeps them.
   * @throws HubError `credential_unavailable`
   */
  webhookSecrets(
    request: Pick<ResolveRequest, 'tenantId' | 'integrationId' | 'principal' | 'requestId'>,
  ): Promise<ReadonlyMap<string, string>>;
  /**
   * Checks that an AuthRef is well formed and points at something this tenant may use, without opening it.
   * @throws HubError `invalid_request` naming `path`.
   */
  checkReference(tx: TenantTx, authRef: string, path: string): Promise<void>;
  /** Re-wraps every data key under the newest key-encryption key, online, in bounded batches. */
  rekey(): Promise<RekeyResult>;
  /** Drops cached secrets of an integration. */
  forget(tenantId: string, integrationId: string): void;
}

export interface VaultDeps {
  readonly database: Database;
  readonly audit: AuditWriter;
  readonly events: EventWriter;
  readonly clock: Clock;
  readonly log: Log;
  readonly keys: KeyProvider;
  /** `HUB_SECRET_*` variables, for `ref://env/<tenant slug>/<NAME>`. */
  readonly secretEnvironment: ReadonlyMap<string, string>;
  /** `<HUB_DATA_DIR>/secrets`, for `ref://file/<tenant slug>/<path>`. */
  readonly secretsDir: string;
  /** Slug of the transaction's tenant (the access room's `findTenantSlug`). */
  readonly tenantSlug: (tx: TenantTx) => Promise<string>;
  /** The access room's `listTenants`. */
  readonly listTenants: TenantLister;
  /** Without it, `ref://vaults/...` is refused with a clear message. */
  readonly readOutsideVault?: OutsideVaultReader;
  /** The redactor's `learn`: every secret passes here before anybody else sees it. */
  readonly learnSecret: (secret: string, tenantId: string) => void;
}

/** `keysInUse` tells which key-encryption keys the stored credentials need, for a check at start. */
export function createVault(deps: VaultDeps): Vault & { keysInUse(): Promise<ReadonlyMap<string, number>> } {
  const cache = createCredentialCache(deps.clock);
  const resolver = createReferenceResolver(deps);
  const storing = { ...deps, onChanged: cache.forget };

  return {
    store: (tx, input) => storeCredential(storing, tx, input),
    revoke: (tx, input) => revokeCredentials(storing, tx, input),
    async find(tx, integrationId) {
      const stored = await findCredential(tx, { integrationId, purpose: 'access' });
      return stored && describe(stored);
    },
    resolve: (request) => cache.get(request, () => resolver.open(request)),
    webhookSecrets: (request) => openWebhookSecrets(deps, request),
    checkReference: resolver.check,
    rekey: () => rekey(deps),
    forget: cache.forget,
    keysInUse: () => keysInUse(deps),
  };
}
