import { type Selectable, sql } from 'kysely';
import type { TenantTx } from '../../database/database.ts';

interface EndpointsTable {
  tenant_id: string;
  integration_id: string;
  id: string;
  webhook_id: string;
  secret_slot: string;
  previous_slot: string | null;
  previous_until: Date | null;
  target: string | null;
  event_types: string[];
  external_id: string | null;
  created_at: Date;
  created_by: string;
  rotated_at: Date | null;
}

/** An endpoint as it is stored; its secrets are in the vault under their slots. */
export interface StoredEndpoint {
  readonly id: string;
  readonly integrationId: string;
  readonly webhookId: string;
  readonly secretSlot: string;
  readonly previous: { readonly slot: string; readonly until: Date } | null;
  readonly target: string | null;
  readonly eventTypes: readonly string[];
  /** The webhook's id at the product, when the hub has registered it. */
  readonly externalId: string | null;
  readonly createdAt: Date;
  readonly createdBy: string;
  readonly rotatedAt: Date | null;
}

const endpointsOf = (tx: TenantTx) => tx.db.withTables<{ inbound_endpoints: EndpointsTable }>();

/** Oldest first. @param lock Until the end of the transaction nobody else changes them. */
export async function listEndpoints(
  tx: TenantTx,
  integrationId: string,
  { lock = false } = {},
): Promise<StoredEndpoint[]> {
  const query = endpointsOf(tx)
    .selectFrom('inbound_endpoints')
    .selectAll()
    .where('tenant_id', '=', tx.tenantId)
    .where('integration_id', '=', integrationId)
    .orderBy('id');
  return (await (lock ? query.forUpdate() : query).execute()).map(toEndpoint);
}

export async function insertEndpoint(tx: TenantTx, endpoint: StoredEndpoint): Promise<void> {
  await endpointsOf(tx)
    .insertInto('inbound_endpoints')
    .values({
      tenant_id: tx.tenantId,
      integration_id: endpoint.integrationId,
      id: endpoint.id,
      webhook_id: endpoint.webhookId,
      secret_slot: endpoint.secretSlot,
      previous_slot: endpoint.previous?.slot ?? null,
      previous_until: endpoint.previous?.until ?? null,
      target: endpoint.target,
      event_types: [...endpoint.eventTypes],
      external_id: endpoint.externalId,
      created_at: endpoint.createdAt,
      created_by: endpoint.createdBy,
      rotated_at: endpoint.rotatedAt,
    })
    .execute();
}

/** What may change of an endpoint. */
export async function updateEndpoint(
  tx: TenantTx,
  endpoint: Pick<StoredEndpoint, 'id' | 'integrationId' | 'secretSlot' | 'previous' | 'externalId' | 'rotatedAt'>,
): Promise<void> {
  await endpointsOf(tx)
    .updateTable('inbound_endpoints')
    .set({
      secret_slot: endpoint.secretSlot,
      previous_slot: endpoint.previous?.slot ?? null,
      previous_until: endpoint.previous?.until ?? null,
      external_id: endpoint.externalId,
      rotated_at: endpoint.rotatedAt,
    })
    .where('tenant_id', '=', tx.tenantId)
    .where('integration_id', '=', endpoint.integrationId)
    .where('id', '=', endpoint.id)
    .execute();
}

/** @param id Default every endpoint of the integration. @returns how many were removed. */
export async function deleteEndpoints(tx: TenantTx, integrationId: string, id?: string): Promise<number> {
  let query = endpointsOf(tx)
    .deleteFrom('inbound_endpoints')
    .where('tenant_id', '=', tx.tenantId)
    .where('integration_id', '=', integrationId);
  if (id !== undefined) query = query.where('id', '=', id);
  const { numDeletedRows } = await query.executeTakeFirst();
  return Number(numDeletedRows);
}

/** Endpoints are counted and added under this lock, so that two requests cannot pass the limit together. */
export async function lockEndpointsOf(tx: TenantTx, integrationId: string): Promise<void> {
  await sql`SELECT pg_advisory_xact_lock(hashtextextended(${`inthub.inbound_endpoints.${tx.tenantId}.${integrationId}`}, 0))`.execute(
    tx.db,
  );
}

function toEndpoint(row: Selectable<EndpointsTable>): StoredEndpoint {
  return {
    id: row.id,
    integrationId: row.integration_id,
    webhookId: row.webhook_id,
    secretSlot: row.secret_slot,
    previous:
      row.previous_slot === null || row.previous_until === null
        ? null
        : { slot: row.previous_slot, until: row.previous_until },
    target: row.target,
    eventTypes: row.event_types,
    externalId: row.external_id,
    createdAt: row.created_at,
    createdBy: row.created_by,
    rotatedAt: row.rotated_at,
  };
}
