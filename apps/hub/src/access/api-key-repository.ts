import { type ApiKeyId, isScope, type Scope, type TenantId } from '@inthub/contracts';
import { sql } from 'kysely';
import type { TenantTx } from '../database/database.ts';
import type { ApiKey } from './records.ts';

interface ApiKeyRow {
  tenant_id: string;
  id: string;
  name: string;
  prefix: string;
  key_hash: Buffer;
  scopes: string[];
  expires_at: Date | null;
  last_used_at: Date | null;
  revoked_at: Date | null;
  created_at: Date;
  created_by: string;
}
type Tables = {
  api_keys: ApiKeyRow;
};

/** Everything but the hash, which this role may write and not read. */
const columns = [
  'tenant_id',
  'id',
  'name',
  'prefix',
  'scopes',
  'expires_at',
  'last_used_at',
  'revoked_at',
  'created_at',
  'created_by',
] as const;

export interface NewApiKey {
  readonly id: ApiKeyId;
  readonly name: string;
  readonly prefix: string;
  readonly hash: Buffer;
  readonly scopes: readonly Scope[];
  readonly expiresAt: Date | null;
  readonly createdAt: Date;
  readonly createdBy: string;
}

export async function insertApiKey(tx: TenantTx, key: NewApiKey): Promise<ApiKey> {
  const row = await tx.db
    .withTables<Tables>()
    .insertInto('api_keys')
    .values({
      tenant_id: tx.tenantId,
      id: key.id,
      name: key.name,
      prefix: key.prefix,
      key_hash: key.hash,
      scopes: [...key.scopes],
      expires_at: key.expiresAt,
      created_at: key.createdAt,
      created_by: key.createdBy,
      last_used_at: null,
      revoked_at: null,
    })
    .returning(columns)
    .executeTakeFirstOrThrow();
  return toApiKey(row);
}

export async function findApiKey(tx: TenantTx, id: string): Promise<ApiKey | undefined> {
  const row = await tx.db
    .withTables<Tables>()
    .selectFrom('api_keys')
    .select(columns)
    .where('tenant_id', '=', tx.tenantId)
    .where('id', '=', id)
    .executeTakeFirst();
  return row && toApiKey(row);
}

/** False when the key was revoked before, by somebody else in the meantime too. */
export async function revokeApiKeyRow(tx: TenantTx, id: string, at: Date): Promise<boolean> {
  const { numUpdatedRows } = await tx.db
    .withTables<Tables>()
    .updateTable('api_keys')
    .set({ revoked_at: at })
    .where('tenant_id', '=', tx.tenantId)
    .where('id', '=', id)
    .where('revoked_at', 'is', null)
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

/** Oldest first. */
export async function listApiKeyRows(tx: TenantTx, page: { afterId: string | null; take: number }): Promise<ApiKey[]> {
  let query = tx.db
    .withTables<Tables>()
    .selectFrom('api_keys')
    .select(columns)
    .where('tenant_id', '=', tx.tenantId)
    .orderBy('id')
    .limit(page.take);
  if (page.afterId !== null) query = query.where('id', '>', page.afterId);
  return (await query.execute()).map(toApiKey);
}

/** Lets one replica at a time make the first key; released at the end of the transaction. */
export async function lockBootstrap(tx: TenantTx): Promise<void> {
  await sql`SELECT pg_advisory_xact_lock(hashtextextended('inthub.access.bootstrap', 0))`.execute(tx.db);
}

/** Whether the tenant has, or had, a key made by `createdBy`, or one under `prefix` when that is given. */
export async function hasApiKey(tx: TenantTx, wanted: { createdBy: string; prefix?: string }): Promise<boolean> {
  let query = tx.db
    .withTables<Tables>()
    .selectFrom('api_keys')
    .select('id')
    .where('tenant_id', '=', tx.tenantId)
    .where('created_by', '=', wanted.createdBy)
    .limit(1);
  if (wanted.prefix !== undefined) query = query.where('prefix', '=', wanted.prefix);
  return (await query.executeTakeFirst()) !== undefined;
}

function toApiKey(row: Omit<ApiKeyRow, 'key_hash'>): ApiKey {
  return {
    id: row.id as ApiKeyId,
    tenantId: row.tenant_id as TenantId,
    name: row.name,
    prefix: row.prefix,
    scopes: row.scopes.filter(isScope),
    expiresAt: row.expires_at?.toISOString() ?? null,
    lastUsedAt: row.last_used_at?.toISOString() ?? null,
    revokedAt: row.revoked_at?.toISOString() ?? null,
    createdAt: row.created_at.toISOString(),
    createdBy: row.created_by,
  };
}
