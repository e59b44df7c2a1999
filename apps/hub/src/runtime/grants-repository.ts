import { createId } from '@inthub/contracts';
import type { TenantTx } from '../database/database.ts';
import type { Grant } from './installed-integration.ts';

interface GrantRow {
  tenant_id: string;
  id: string;
  integration_id: string;
  granted_capabilities: string[];
  denied_capabilities: string[];
  /** Written as JSON text, read as an object. */
  data_scope: unknown;
  network_scope: unknown;
  granted_by: string;
  granted_at: Date;
  reviewed_at: Date | null;
  expires_at: Date | null;
}

/** @param options.lock Holds the row until commit, so that the image before a change is the one that the change replaces. */
export async function findGrant(
  tx: TenantTx,
  integrationId: string,
  options: { readonly lock?: boolean } = {},
): Promise<Grant | null> {
  const query = tx.db
    .withTables<{ integration_grants: GrantRow }>()
    .selectFrom('integration_grants')
    .selectAll()
    .where('tenant_id', '=', tx.tenantId)
    .where('integration_id', '=', integrationId);
  const row = await (options.lock === true ? query.forUpdate() : query).executeTakeFirst();
  return row === undefined ? null : grantOf(row);
}

/** Writes the grant in place of the one before. */
export async function saveGrant(tx: TenantTx, integrationId: string, grant: Grant): Promise<void> {
  const values = {
    granted_capabilities: [...grant.grantedCapabilities],
    denied_capabilities: [...grant.deniedCapabilities],
    data_scope: JSON.stringify(grant.dataScope),
    network_scope: JSON.stringify(grant.networkScope),
    granted_by: grant.grantedBy,
    granted_at: new Date(grant.grantedAt),
    reviewed_at: dateOrNull(grant.reviewedAt),
    expires_at: dateOrNull(grant.expiresAt),
  };
  await tx.db
    .withTables<{ integration_grants: GrantRow }>()
    .insertInto('integration_grants')
    .values({ tenant_id: tx.tenantId, id: createId(), integration_id: integrationId, ...values })
    .onConflict((conflict) => conflict.columns(['tenant_id', 'integration_id']).doUpdateSet(values))
    .execute();
}

function grantOf(row: GrantRow): Grant {
  return {
    grantedCapabilities: row.granted_capabilities,
    deniedCapabilities: row.denied_capabilities,
    dataScope: row.data_scope as Grant['dataScope'],
    networkScope: row.network_scope as Grant['networkScope'],
    grantedBy: row.granted_by,
    grantedAt: row.granted_at.toISOString(),
    reviewedAt: row.reviewed_at?.toISOString() ?? null,
    expiresAt: row.expires_at?.toISOString() ?? null,
  };
}

function dateOrNull(text: string | null): Date | null {
  return text === null ? null : new Date(text);
}
