import type { CredentialId, CredentialKind, TenantId } from '@inthub/contracts';
import { sql } from 'kysely';
import type { TenantTx } from '../database/database.ts';
import type { CredentialPurpose } from './credential.ts';
import type { SealedSecret } from './sealing.ts';

interface CredentialRow {
  tenant_id: string;
  id: string;
  integration_id: string;
  connector_id: string;
  purpose: string;
  slot: string;
  kind: string;
  sealed: Buffer;
  wrapped_key: Buffer;
  key_id: string;
  version: number;
  expires_at: Date | null;
  created_at: Date;
  rotated_at: Date | null;
}
type Tables = { credentials: CredentialRow };

/** A stored credential, still sealed. */
export interface StoredCredential {
  readonly tenantId: TenantId;
  readonly id: CredentialId;
  readonly integrationId: string;
  readonly connectorId: string;
  /** Tells the webhook secrets of an integration apart; empty for the credential that calls out. */
  readonly slot: string;
  readonly kind: CredentialKind;
  readonly secret: SealedSecret;
  readonly version: number;
  readonly expiresAt: Date | null;
  readonly createdAt: Date;
  readonly rotatedAt: Date | null;
}

export interface CredentialSlot {
  readonly integrationId: string;
  readonly purpose: CredentialPurpose;
  /** Default the empty one. */
  readonly slot?: string;
}

const credentials = (tx: TenantTx) => tx.db.withTables<Tables>();

export async function findCredential(
  tx: TenantTx,
  slot: CredentialSlot,
  options: { forUpdate?: boolean } = {},
): Promise<StoredCredential | undefined> {
  const query = credentials(tx)
    .selectFrom('credentials')
    .selectAll()
    .where('tenant_id', '=', tx.tenantId)
    .where('integration_id', '=', slot.integrationId)
    .where('purpose', '=', slot.purpose)
    .where('slot', '=', slot.slot ?? '');
  const row = await (options.forUpdate ? query.forUpdate() : query).executeTakeFirst();
  return row && toStored(row);
}

/** Every credential of an integration for one purpose. */
export async function listCredentials(
  tx: TenantTx,
  { integrationId, purpose }: Omit<CredentialSlot, 'slot'>,
): Promise<StoredCredential[]> {
  const rows = await credentials(tx)
    .selectFrom('credentials')
    .selectAll()
    .where('tenant_id', '=', tx.tenantId)
    .where('integration_id', '=', integrationId)
    .where('purpose', '=', purpose)
    .execute();
  return rows.map(toStored);
}

/** False when the slot was filled in the meantime. */
export async function insertCredential(
  tx: TenantTx,
  purpose: CredentialPurpose,
  credential: Omit<StoredCredential, 'tenantId' | 'rotatedAt'>,
): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await credentials(tx)
    .insertInto('credentials')
    .values({
      tenant_id: tx.tenantId,
      id: credential.id,
      integration_id: credential.integrationId,
      connector_id: credential.connectorId,
      purpose,
      slot: credential.slot,
      kind: credential.kind,
      sealed: credential.secret.sealed,
      wrapped_key: credential.secret.key.wrapped,
      key_id: credential.secret.key.keyId,
      version: credential.version,
      expires_at: credential.expiresAt,
      created_at: credential.createdAt,
      rotated_at: null,
    })
    .onConflict((conflict) => conflict.columns(['tenant_id', 'integration_id', 'purpose', 'slot']).doNothing())
    .executeTakeFirst();
  return numInsertedOrUpdatedRows === 1n;
}

/** The old secret is gone afterwards. */
export async function replaceCredential(
  tx: TenantTx,
  credential: Omit<StoredCredential, 'tenantId' | 'integrationId' | 'slot' | 'createdAt'>,
): Promise<void> {
  await credentials(tx)
    .updateTable('credentials')
    .set({
      connector_id: credential.connectorId,
      kind: credential.kind,
      sealed: credential.secret.sealed,
      wrapped_key: credential.secret.key.wrapped,
      key_id: credential.secret.key.keyId,
      version: credential.version,
      expires_at: credential.expiresAt,
      rotated_at: credential.rotatedAt,
    })
    .where('tenant_id', '=', tx.tenantId)
    .where('id', '=', credential.id)
    .execute();
}

/** For those that were stored before the hub could read the date; a version that was replaced meanwhile stays as it is. */
export async function saveEnd(
  tx: TenantTx,
  { id, version }: Pick<StoredCredential, 'id' | 'version'>,
  expiresAt: Date,
): Promise<void> {
  await credentials(tx)
    .updateTable('credentials')
    .set({ expires_at: expiresAt })
    .where('tenant_id', '=', tx.tenantId)
    .where('id', '=', id)
    .where('version', '=', version)
    .where('expires_at', 'is', null)
    .execute();
}

/** What was removed. @param slots Only the webhook secrets in these; default everything of the integration. */
export async function deleteCredentials(
  tx: TenantTx,
  integrationId: string,
  slots?: readonly string[],
): Promise<StoredCredential[]> {
  let query = credentials(tx)
    .deleteFrom('credentials')
    .where('tenant_id', '=', tx.tenantId)
    .where('integration_id', '=', integrationId);
  if (slots !== undefined) query = query.where('purpose', '=', 'webhook').where('slot', 'in', slots);
  return (await query.returningAll().execute()).map(toStored);
}

/**
 * Credentials that are not under `currentKeyId`, by id, locked until the end of the transaction. Rows that somebody holds are passed
 * over: waiting for them could become a circle, as they may wait for the audit's lock.
 */
export async function claimForRekey(
  tx: TenantTx,
  page: { currentKeyId: string; afterId: string | null; take: number },
): Promise<StoredCredential[]> {
  let query = credentials(tx)
    .selectFrom('credentials')
    .selectAll()
    .where('tenant_id', '=', tx.tenantId)
    .where('key_id', '<>', page.currentKeyId)
    .orderBy('id')
    .limit(page.take)
    .forUpdate()
    .skipLocked();
  if (page.afterId !== null) query = query.where('id', '>', page.afterId);
  return (await query.execute()).map(toStored);
}

export async function saveWrappedKey(tx: TenantTx, id: CredentialId, key: SealedSecret['key']): Promise<void> {
  await credentials(tx)
    .updateTable('credentials')
    .set({ wrapped_key: key.wrapped, key_id: key.keyId })
    .where('tenant_id', '=', tx.tenantId)
    .where('id', '=', id)
    .execute();
}

/** How many credentials of this tenant are under each key-encryption key. */
export async function countByKey(tx: TenantTx): Promise<Map<string, number>> {
  const rows = await credentials(tx)
    .selectFrom('credentials')
    .select(['key_id', sql<number>`count(*)::int`.as('count')])
    .where('tenant_id', '=', tx.tenantId)
    .groupBy('key_id')
    .execute();
  return new Map(rows.map((row) => [row.key_id, row.count]));
}

function toStored(row: CredentialRow): StoredCredential {
  return {
    tenantId: row.tenant_id as TenantId,
    id: row.id as CredentialId,
    integrationId: row.integration_id,
    connectorId: row.connector_id,
    slot: row.slot,
    kind: row.kind as CredentialKind,
    secret: { sealed: row.sealed, key: { keyId: row.key_id, wrapped: row.wrapped_key } },
    version: row.version,
    expiresAt: row.expires_at,
    createdAt: row.created_at,
    rotatedAt: row.rotated_at,
  };
}
