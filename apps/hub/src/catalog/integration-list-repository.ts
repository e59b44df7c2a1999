import { sql } from 'kysely';
import type { TenantTx } from '../database/database.ts';
import type { IntegrationFilter } from './catalog-types.ts';
import type { IntegrationRecord } from './integration-record.ts';
import { type IntegrationsTable, toRecord } from './integration-repository.ts';

interface TagsTable {
  tenant_id: string;
  tag: string;
  name: string;
  integration_id: string;
}

/** Where a page ended. */
export interface ListPosition {
  readonly name: string;
  readonly id: string;
}

/**
 * Integrations by name, then id. Every filter that is a plain comparison has an index in this order, so that the page is read where
 * it starts and no further than it ends.
 */
export async function listIntegrations(
  tx: TenantTx,
  filter: IntegrationFilter,
  page: { after?: ListPosition; limit: number },
): Promise<IntegrationRecord[]> {
  const db = tx.db.withTables<{ integrations: IntegrationsTable; integration_tags: TagsTable }>();
  const { tag, type, category, connector, status, health, environment, owner, q } = filter;
  const exact = { type, category, connector_id: connector, health, environment, owner_id: owner };

  let select = db
    .selectFrom('integrations as i')
    .selectAll('i')
    .where('i.tenant_id', '=', tx.tenantId)
    .limit(page.limit);
  for (const [column, value] of Object.entries(exact)) {
    if (value !== undefined) select = select.where(sql.ref(`i.${column}`), '=', value);
  }
  // Written out, not bound: the planner must see that a partial index covers it.
  select =
    status === undefined
      ? select.where(sql<boolean>`i.status <> 'uninstalled'`)
      : select.where('i.status', '=', status);
  if (q !== undefined) {
    // "C" would fold the case of ASCII letters only.
    const pattern = `%${q.replaceAll(/[\\%_]/g, '\\$&')}%`;
    select = select.where(sql<boolean>`(i.name COLLATE "default" ILIKE ${pattern} OR i.description ILIKE ${pattern})`);
  }
  // With a tag, the index of tags leads: it has the same order.
  const order =
    tag === undefined
      ? { name: sql.ref<string>('i.name'), id: sql.ref<string>('i.id') }
      : { name: sql.ref<string>('t.name'), id: sql.ref<string>('t.integration_id') };
  if (tag !== undefined) {
    select = select
      .innerJoin('integration_tags as t', (join) =>
        join.onRef('t.tenant_id', '=', 'i.tenant_id').onRef('t.integration_id', '=', 'i.id'),
      )
      .where(sql<boolean>`t.tag = ${tag}`);
  }
  if (page.after !== undefined) {
    select = select.where(sql<boolean>`(${order.name}, ${order.id}) > (${page.after.name}, ${page.after.id}::uuid)`);
  }
  const rows = await select.orderBy(order.name).orderBy(order.id).execute();
  return rows.map(toRecord);
}
