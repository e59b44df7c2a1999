import type { Json, KeptAnnotation, ScmOperation } from '@inthub/contracts';
import { sql } from 'kysely';
import type { TenantTx } from '../database/database.ts';

interface KeptTable {
  tenant_id: string;
  id: string;
  integration_id: string;
  operation: ScmOperation;
  payload: Json;
  state: KeptAnnotation['state'];
  created_at: Date;
  created_by: string;
  posted_at: Date | null;
  last_error: string | null;
}

export interface KeptPosition {
  readonly createdAt: Date;
  readonly id: string;
}

const tablesOf = (tx: TenantTx) => tx.db.withTables<{ kept_annotations: KeptTable }>();

export async function insertKept(
  tx: TenantTx,
  kept: Pick<KeptAnnotation, 'id' | 'integrationId' | 'operation' | 'createdBy'> & { payload: Json; createdAt: Date },
): Promise<void> {
  await tablesOf(tx)
    .insertInto('kept_annotations')
    .values({
      tenant_id: tx.tenantId,
      id: kept.id,
      integration_id: kept.integrationId,
      operation: kept.operation,
      payload: sql<Json>`${JSON.stringify(kept.payload)}::jsonb`,
      state: 'kept',
      created_at: kept.createdAt,
      created_by: kept.createdBy,
      posted_at: null,
      last_error: null,
    })
    .execute();
}

/** Those that wait; not more than `limit` are counted. */
export async function countKept(tx: TenantTx, integrationId: string, limit: number): Promise<number> {
  const rows = await tablesOf(tx)
    .selectFrom('kept_annotations')
    .select('id')
    .where('tenant_id', '=', tx.tenantId)
    .where('integration_id', '=', integrationId)
    .where('state', '=', 'kept')
    .limit(limit)
    .execute();
  return rows.length;
}

/** Newest first, after `after`. */
export async function selectKept(
  tx: TenantTx,
  integrationId: string,
  { state, after, limit }: { state?: KeptAnnotation['state']; after?: KeptPosition; limit: number },
): Promise<KeptAnnotation[]> {
  let select = tablesOf(tx)
    .selectFrom('kept_annotations')
    .selectAll()
    .where('tenant_id', '=', tx.tenantId)
    .where('integration_id', '=', integrationId)
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(limit);
  if (state !== undefined) select = select.where('state', '=', state);
  if (after !== undefined)
    select = select.where(sql<boolean>`(created_at, id) < (${after.createdAt}::timestamptz, ${after.id}::uuid)`);
  return (await select.execute()).map(toKept);
}

export async function findKept(tx: TenantTx, integrationId: string, id: string): Promise<KeptAnnotation | undefined> {
  const row = await tablesOf(tx)
    .selectFrom('kept_annotations')
    .selectAll()
    .where('tenant_id', '=', tx.tenantId)
    .where('integration_id', '=', integrationId)
    .where('id', '=', id)
    .executeTakeFirst();
  return row && toKept(row);
}

export async function updateKept(
  tx: TenantTx,
  id: string,
  change: { state: KeptAnnotation['state']; postedAt: Date | null; lastError: string | null },
): Promise<void> {
  await tablesOf(tx)
    .updateTable('kept_annotations')
    .set({ state: change.state, posted_at: change.postedAt, last_error: change.lastError })
    .where('tenant_id', '=', tx.tenantId)
    .where('id', '=', id)
    .execute();
}

/** What was there; undefined when there was none. */
export async function deleteKept(tx: TenantTx, integrationId: string, id: string): Promise<KeptAnnotation | undefined> {
  const row = await tablesOf(tx)
    .deleteFrom('kept_annotations')
    .where('tenant_id', '=', tx.tenantId)
    .where('integration_id', '=', integrationId)
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirst();
  return row && toKept(row);
}

/** What was posted long ago is only a record; the audit has it too. */
export async function deletePosted(tx: TenantTx, integrationId: string, before: Date): Promise<void> {
  await tablesOf(tx)
    .deleteFrom('kept_annotations')
    .where('tenant_id', '=', tx.tenantId)
    .where('integration_id', '=', integrationId)
    .where('state', '=', 'posted')
    .where('posted_at', '<', before)
    .execute();
}

function toKept(row: KeptTable): KeptAnnotation {
  return {
    id: row.id,
    integrationId: row.integration_id,
    operation: row.operation,
    payload: row.payload as Record<string, unknown>,
    state: row.state,
    createdAt: row.created_at.toISOString(),
    createdBy: row.created_by,
    postedAt: row.posted_at?.toISOString() ?? null,
    lastError: row.last_error,
  };
}
