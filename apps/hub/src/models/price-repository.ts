import type { ModelPrice } from '@inthub/contracts';
import { sql } from 'kysely';
import type { SystemTx, TenantTx } from '../database/database.ts';

interface PlatformPricesTable {
  connector_id: string;
  model: string;
  price: ModelPrice;
  modified_at: Date;
  modified_by: string;
}
interface PricesTable extends PlatformPricesTable {
  tenant_id: string;
}

/** One price as it is stored. */
export interface StoredPrice {
  readonly connectorId: string;
  readonly price: ModelPrice;
}

export interface PriceWrite extends StoredPrice {
  readonly modifiedAt: Date;
  readonly modifiedBy: string;
}

const tenantTables = (tx: TenantTx) => tx.db.withTables<{ model_prices: PricesTable }>();
const platformTables = (tx: TenantTx | SystemTx) => tx.db.withTables<{ platform_model_prices: PlatformPricesTable }>();

/** Of a connector, or all. By connector, then model. */
export async function selectTenantPrices(tx: TenantTx, connectorId: string | undefined): Promise<StoredPrice[]> {
  let select = tenantTables(tx)
    .selectFrom('model_prices')
    .select(['connector_id', 'price'])
    .where('tenant_id', '=', tx.tenantId)
    .orderBy('connector_id')
    .orderBy('model');
  if (connectorId !== undefined) select = select.where('connector_id', '=', connectorId);
  return (await select.execute()).map(toStored);
}

export async function selectPlatformPrices(
  tx: TenantTx | SystemTx,
  connectorId: string | undefined,
): Promise<StoredPrice[]> {
  let select = platformTables(tx)
    .selectFrom('platform_model_prices')
    .select(['connector_id', 'price'])
    .orderBy('connector_id')
    .orderBy('model');
  if (connectorId !== undefined) select = select.where('connector_id', '=', connectorId);
  return (await select.execute()).map(toStored);
}

export async function saveTenantPrice(tx: TenantTx, write: PriceWrite): Promise<void> {
  await tenantTables(tx)
    .insertInto('model_prices')
    .values({ tenant_id: tx.tenantId, ...toRow(write) })
    .onConflict((conflict) => conflict.columns(['tenant_id', 'connector_id', 'model']).doUpdateSet(changes(write)))
    .execute();
}

export async function savePlatformPrice(tx: SystemTx, write: PriceWrite): Promise<void> {
  await platformTables(tx)
    .insertInto('platform_model_prices')
    .values(toRow(write))
    .onConflict((conflict) => conflict.columns(['connector_id', 'model']).doUpdateSet(changes(write)))
    .execute();
}

/** False when there is none. */
export async function deleteTenantPrice(tx: TenantTx, connectorId: string, model: string): Promise<boolean> {
  const deleted = await tenantTables(tx)
    .deleteFrom('model_prices')
    .where('tenant_id', '=', tx.tenantId)
    .where('connector_id', '=', connectorId)
    .where('model', '=', model)
    .executeTakeFirst();
  return Number(deleted.numDeletedRows) === 1;
}

/** False when there is none. */
export async function deletePlatformPrice(tx: SystemTx, connectorId: string, model: string): Promise<boolean> {
  const deleted = await platformTables(tx)
    .deleteFrom('platform_model_prices')
    .where('connector_id', '=', connectorId)
    .where('model', '=', model)
    .executeTakeFirst();
  return Number(deleted.numDeletedRows) === 1;
}

export async function countTenantPrices(tx: TenantTx): Promise<number> {
  const { count } = await tenantTables(tx)
    .selectFrom('model_prices')
    .select(({ fn }) => fn.countAll<string>().as('count'))
    .where('tenant_id', '=', tx.tenantId)
    .executeTakeFirstOrThrow();
  return Number(count);
}

function toStored({ connector_id, price }: Pick<PlatformPricesTable, 'connector_id' | 'price'>): StoredPrice {
  return { connectorId: connector_id, price };
}

function changes({ price, modifiedAt, modifiedBy }: PriceWrite) {
  return { price: json(price), modified_at: modifiedAt, modified_by: modifiedBy };
}

function toRow(write: PriceWrite) {
  return { connector_id: write.connectorId, model: write.price.model, ...changes(write) };
}

function json(price: ModelPrice) {
  return sql<ModelPrice>`${JSON.stringify(price)}::jsonb`;
}
