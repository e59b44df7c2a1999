import type { TenantId } from '@inthub/contracts';
import type { Generated, Selectable } from 'kysely';
import type { SystemTx, TenantTx } from '../database/database.ts';
import type { Tenant, TenantChange } from './records.ts';

interface TenantRow {
  id: string;
  slug: string;
  name: string;
  approval_required: boolean;
  offline: Generated<boolean>;
  egress_allow: Generated<string[]>;
  created_at: Date;
}
type Tables = {
  tenants: TenantRow;
};

/** Undefined when the slug is taken. The transaction is scoped to the new tenant. */
export async function insertTenant(
  tx: TenantTx,
  tenant: { slug: string; name: string; approvalRequired: boolean; createdAt: Date },
): Promise<Tenant | undefined> {
  const row = await tx.db
    .withTables<Tables>()
    .insertInto('tenants')
    .values({
      id: tx.tenantId,
      slug: tenant.slug,
      name: tenant.name,
      approval_required: tenant.approvalRequired,
      created_at: tenant.createdAt,
    })
    .onConflict((conflict) => conflict.doNothing())
    .returningAll()
    .executeTakeFirst();
  return row && toTenant(row);
}

/** The transaction's own tenant; locked when it is about to be changed. */
export async function findTenant(tx: TenantTx, options: { forUpdate?: boolean } = {}): Promise<Tenant | undefined> {
  const query = tx.db.withTables<Tables>().selectFrom('tenants').selectAll().where('id', '=', tx.tenantId);
  const row = await (options.forUpdate ? query.forUpdate() : query).executeTakeFirst();
  return row && toTenant(row);
}

export async function updateTenantRow(tx: TenantTx, change: Required<TenantChange>): Promise<Tenant> {
  const row = await tx.db
    .withTables<Tables>()
    .updateTable('tenants')
    .set({
      name: change.name,
      approval_required: change.approvalRequired,
      offline: change.offline,
      egress_allow: [...change.egressAllow],
    })
    .where('id', '=', tx.tenantId)
    .returningAll()
    .executeTakeFirstOrThrow();
  return toTenant(row);
}

/** Oldest first, one more than a page to see whether another follows. Runs under `inthub_platform`. */
export async function listTenantRows(tx: SystemTx, page: { afterId: string | null; take: number }): Promise<Tenant[]> {
  let query = tx.db.withTables<Tables>().selectFrom('tenants').selectAll().orderBy('id').limit(page.take);
  if (page.afterId !== null) query = query.where('id', '>', page.afterId);
  return (await query.execute()).map(toTenant);
}

function toTenant(row: Selectable<TenantRow>): Tenant {
  return {
    id: row.id as TenantId,
    slug: row.slug,
    name: row.name,
    approvalRequired: row.approval_required,
    offline: row.offline,
    egressAllow: row.egress_allow,
    createdAt: row.created_at.toISOString(),
  };
}
