import type { IntegrationConfig } from '@inthub/contracts';
import { sql } from 'kysely';
import type { TenantTx } from '../../database/database.ts';
import type { IntegrationsTable } from '../integration-repository.ts';
import type { ProfileRecord } from './profile-record.ts';

interface ProfilesTable {
  tenant_id: string;
  id: string;
  name: string;
  type: string;
  default_config: Partial<IntegrationConfig>;
  auth_ref: string | null;
  is_default: boolean;
  last_used_at: Date | null;
  created_at: Date;
  created_by: string;
  modified_at: Date;
  modified_by: string;
  version: number;
}

/** Where a page ended. */
export interface ProfilePosition {
  readonly name: string;
  readonly id: string;
}

const tablesOf = (tx: TenantTx) => tx.db.withTables<{ connection_profiles: ProfilesTable }>();
const selectOwn = (tx: TenantTx) =>
  tablesOf(tx).selectFrom('connection_profiles').selectAll().where('tenant_id', '=', tx.tenantId);

/** Violates the index `connection_profiles_name` or `connection_profiles_default` where the tenant has such a one. */
export async function insertProfile(tx: TenantTx, record: ProfileRecord): Promise<void> {
  await tablesOf(tx)
    .insertInto('connection_profiles')
    .values({
      tenant_id: tx.tenantId,
      id: record.id,
      created_at: record.createdAt,
      created_by: record.createdBy,
      last_used_at: null,
      ...changeable(record),
    })
    .execute();
}

export async function findProfile(tx: TenantTx, id: string): Promise<ProfileRecord | undefined> {
  const row = await selectOwn(tx).where('id', '=', id).executeTakeFirst();
  return row && toRecord(row);
}

/** The same, locked until the transaction ends. */
export async function lockProfile(tx: TenantTx, id: string): Promise<ProfileRecord | undefined> {
  const row = await selectOwn(tx).where('id', '=', id).forUpdate().executeTakeFirst();
  return row && toRecord(row);
}

export async function findDefaultProfile(tx: TenantTx, type: string): Promise<ProfileRecord | undefined> {
  const row = await selectOwn(tx).where('type', '=', type).where('is_default', '=', true).executeTakeFirst();
  return row && toRecord(row);
}

/** The same, locked until the transaction ends. */
export async function lockDefaultProfile(tx: TenantTx, type: string): Promise<ProfileRecord | undefined> {
  const row = await selectOwn(tx)
    .where('type', '=', type)
    .where('is_default', '=', true)
    .forUpdate()
    .executeTakeFirst();
  return row && toRecord(row);
}

/** Writes what people may change. Violates the same indexes as `insertProfile`. */
export async function updateProfile(tx: TenantTx, record: ProfileRecord): Promise<void> {
  await tablesOf(tx)
    .updateTable('connection_profiles')
    .set(changeable(record))
    .where('tenant_id', '=', tx.tenantId)
    .where('id', '=', record.id)
    .execute();
}

/** False when it is gone. */
export async function noteProfileUse(tx: TenantTx, id: string, at: Date): Promise<boolean> {
  const updated = await tablesOf(tx)
    .updateTable('connection_profiles')
    .set({ last_used_at: at })
    .where('tenant_id', '=', tx.tenantId)
    .where('id', '=', id)
    .executeTakeFirst();
  return Number(updated.numUpdatedRows) === 1;
}

export async function deleteProfile(tx: TenantTx, id: string): Promise<void> {
  await tablesOf(tx)
    .deleteFrom('connection_profiles')
    .where('tenant_id', '=', tx.tenantId)
    .where('id', '=', id)
    .execute();
}

/** By name, then id. */
export async function selectProfiles(
  tx: TenantTx,
  { type }: { type?: string },
  { after, limit }: { after?: ProfilePosition; limit: number },
): Promise<ProfileRecord[]> {
  let select = selectOwn(tx).orderBy('name').orderBy('id').limit(limit);
  if (type !== undefined) select = select.where('type', '=', type);
  if (after !== undefined) select = select.where(sql<boolean>`(name, id) > (${after.name}, ${after.id}::uuid)`);
  return (await select.execute()).map(toRecord);
}

/** What the tenant installed last of a type. */
export async function findLastUsed(
  tx: TenantTx,
  type: string,
): Promise<{ id: string; name: string; config: IntegrationConfig; createdAt: Date } | undefined> {
  const row = await tx.db
    .withTables<{ integrations: IntegrationsTable }>()
    .selectFrom('integrations')
    .select(['id', 'name', 'config', 'created_at'])
    .where('tenant_id', '=', tx.tenantId)
    .where('type', '=', type)
    // Written out, not bound: the planner must see that a partial index covers it.
    .where(sql<boolean>`status <> 'uninstalled'`)
    .orderBy('created_at', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row && { id: row.id, name: row.name, config: row.config, createdAt: row.created_at };
}

function changeable(record: ProfileRecord) {
  return {
    name: record.name,
    type: record.type,
    default_config: sql<Partial<IntegrationConfig>>`${JSON.stringify(record.defaultConfig)}::jsonb`,
    auth_ref: record.authRef,
    is_default: record.isDefault,
    modified_at: record.modifiedAt,
    modified_by: record.modifiedBy,
    version: record.version,
  };
}

function toRecord(row: ProfilesTable): ProfileRecord {
  return {
    id: row.id,
    tenantId: row.tenant_id,
    name: row.name,
    type: row.type,
    defaultConfig: row.default_config,
    authRef: row.auth_ref,
    isDefault: row.is_default,
    lastUsedAt: row.last_used_at,
    createdAt: row.created_at,
    createdBy: row.created_by,
    modifiedAt: row.modified_at,
    modifiedBy: row.modified_by,
    version: row.version,
  };
}
