import type { ModelRoute } from '@inthub/contracts';
import { sql } from 'kysely';
import type { TenantTx } from '../database/database.ts';

interface RoutesTable {
  tenant_id: string;
  id: string;
  alias: string;
  description: string | null;
  targets: ModelRoute['targets'];
  fail_over_on: string[];
  created_at: Date;
  created_by: string;
  modified_at: Date;
  modified_by: string;
  version: number;
}

const tablesOf = (tx: TenantTx) => tx.db.withTables<{ model_routes: RoutesTable }>();
const selectOwn = (tx: TenantTx) =>
  tablesOf(tx).selectFrom('model_routes').selectAll().where('tenant_id', '=', tx.tenantId);

/** By alias. */
export async function selectRoutes(
  tx: TenantTx,
  { after, limit }: { readonly after?: string; readonly limit: number },
): Promise<ModelRoute[]> {
  let select = selectOwn(tx).orderBy('alias').limit(limit);
  if (after !== undefined) select = select.where('alias', '>', after);
  return (await select.execute()).map(toRoute);
}

export async function findRoute(tx: TenantTx, id: string): Promise<ModelRoute | undefined> {
  const row = await selectOwn(tx).where('id', '=', id).executeTakeFirst();
  return row && toRoute(row);
}

/** The same, locked until the transaction ends. */
export async function lockRoute(tx: TenantTx, id: string): Promise<ModelRoute | undefined> {
  const row = await selectOwn(tx).where('id', '=', id).forUpdate().executeTakeFirst();
  return row && toRoute(row);
}

/** Violates the index `model_routes_alias` where the alias is taken. */
export async function insertRoute(tx: TenantTx, route: ModelRoute): Promise<void> {
  await tablesOf(tx)
    .insertInto('model_routes')
    .values({
      tenant_id: tx.tenantId,
      id: route.id,
      created_at: new Date(route.createdAt),
      created_by: route.createdBy,
      ...changeable(route),
    })
    .execute();
}

/** Violates the same index. */
export async function updateRoute(tx: TenantTx, route: ModelRoute): Promise<void> {
  await tablesOf(tx)
    .updateTable('model_routes')
    .set(changeable(route))
    .where('tenant_id', '=', tx.tenantId)
    .where('id', '=', route.id)
    .execute();
}

export async function deleteRoute(tx: TenantTx, id: string): Promise<void> {
  await tablesOf(tx).deleteFrom('model_routes').where('tenant_id', '=', tx.tenantId).where('id', '=', id).execute();
}

function changeable(route: ModelRoute) {
  return {
    alias: route.alias,
    description: route.description,
    targets: sql<ModelRoute['targets']>`${JSON.stringify(route.targets)}::jsonb`,
    fail_over_on: route.failOverOn,
    modified_at: new Date(route.modifiedAt),
    modified_by: route.modifiedBy,
    version: route.version,
  };
}

function toRoute(row: RoutesTable): ModelRoute {
  return {
    id: row.id,
    alias: row.alias,
    description: row.description,
    targets: row.targets,
    failOverOn: row.fail_over_on,
    createdAt: row.created_at.toISOString(),
    createdBy: row.created_by,
    modifiedAt: row.modified_at.toISOString(),
    modifiedBy: row.modified_by,
    version: row.version,
  };
}
