/** What `inthub_auth` reads while nobody knows yet who is calling. It sees no other columns than these. */
import { type ApiKeyId, isRole, isScope, type Role, type Scope, type TenantId } from '@inthub/contracts';
import { sql } from 'kysely';
import type { SystemTx } from '../database/database.ts';

type Tables = {
  api_keys: {
    tenant_id: string;
    id: string;
    name: string;
    prefix: string;
    key_hash: Buffer;
    scopes: string[];
    expires_at: Date | null;
    revoked_at: Date | null;
    last_used_at: Date | null;
  };
  tenants: { id: string; slug: string };
  users: { tenant_id: string; id: string; subject: string | null; name: string; roles: string[]; active: boolean };
};

export interface KeyCandidate {
  readonly tenantId: TenantId;
  readonly id: ApiKeyId;
  readonly name: string;
  readonly hash: Buffer;
  readonly scopes: readonly Scope[];
  readonly expiresAt: Date | null;
  readonly revokedAt: Date | null;
}

/** Keys under a public prefix: one, or in theory a few. The caller compares the hashes. */
export async function findKeyCandidates(tx: SystemTx, prefix: string): Promise<KeyCandidate[]> {
  const rows = await tx.db
    .withTables<Tables>()
    .selectFrom('api_keys')
    .select(['tenant_id', 'id', 'name', 'key_hash', 'scopes', 'expires_at', 'revoked_at'])
    .where('prefix', '=', prefix)
    .limit(8)
    .execute();
  return rows.map((row) => ({
    tenantId: row.tenant_id as TenantId,
    id: row.id as ApiKeyId,
    name: row.name,
    hash: row.key_hash,
    scopes: row.scopes.filter(isScope),
    expiresAt: row.expires_at,
    revokedAt: row.revoked_at,
  }));
}

export interface KeyUse {
  readonly tenantId: TenantId;
  readonly id: ApiKeyId;
  readonly at: Date;
}

/** One statement for all; a clock that went back never moves the time of last use back. */
export async function saveLastUsed(tx: SystemTx, uses: readonly KeyUse[]): Promise<void> {
  await sql`
    UPDATE api_keys SET last_used_at = used.at
    FROM unnest(
      ${uses.map((use) => use.tenantId)}::uuid[],
      ${uses.map((use) => use.id)}::uuid[],
      ${uses.map((use) => use.at.toISOString())}::timestamptz[]
    ) AS used (tenant_id, id, at)
    WHERE api_keys.tenant_id = used.tenant_id AND api_keys.id = used.id
      AND (api_keys.last_used_at IS NULL OR api_keys.last_used_at < used.at)
  `.execute(tx.db);
}

/** The tenant by id or slug; with neither, the only tenant there is. */
export async function findTenantId(
  tx: SystemTx,
  wanted: { id: string } | { slug: string } | 'only',
): Promise<TenantId | undefined> {
  let query = tx.db.withTables<Tables>().selectFrom('tenants').select('id').limit(2);
  if (wanted !== 'only')
    query = 'id' in wanted ? query.where('id', '=', wanted.id) : query.where('slug', '=', wanted.slug);
  const rows = await query.execute();
  return rows.length === 1 ? (rows[0]?.id as TenantId) : undefined;
}

export interface KnownUser {
  readonly id: string;
  readonly name: string;
  readonly roles: readonly Role[];
  readonly active: boolean;
}

export async function findUserBySubject(
  tx: SystemTx,
  tenantId: TenantId,
  subject: string,
): Promise<KnownUser | undefined> {
  const row = await tx.db
    .withTables<Tables>()
    .selectFrom('users')
    .select(['id', 'name', 'roles', 'active'])
    .where('tenant_id', '=', tenantId)
    .where('subject', '=', subject)
    .executeTakeFirst();
  return row && { ...row, roles: row.roles.filter(isRole) };
}
