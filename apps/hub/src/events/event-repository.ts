import type { EventId, IntegrationEvent, Json } from '@inthub/contracts';
import { sql } from 'kysely';
import { binaryArray, type TenantTx } from '../database/database.ts';
import type { TypePattern } from './type-pattern.ts';

interface EventsTable {
  tenant_id: string;
  id: string;
  type: string;
  source: string;
  data: Json;
  correlation_id: string;
  connector_id: string | null;
  connector_version: string | null;
  original_webhook_id: string | null;
  created_at: Date;
}

/** An event as it is stored, all of it the writer's. */
export interface EventRow {
  readonly id: EventId;
  readonly type: string;
  readonly source: string;
  readonly data: Json;
  readonly correlationId: string;
  readonly connectorId: string | null;
  readonly connectorVersion: string | null;
  readonly originalWebhookId: string | null;
  readonly createdAt: Date;
}

export interface EventPosition {
  readonly createdAt: Date;
  readonly id: string;
}

const eventsOf = (tx: TenantTx) => tx.db.withTables<{ events: EventsTable }>();

/** In one statement of fixed text, however many, so that it is planned once. They are numbered in this order. */
export async function insertEvents(tx: TenantTx, events: readonly EventRow[]): Promise<void> {
  const { uuid, text, timestamptz } = binaryArray;
  const texts = (pick: (event: EventRow) => string | null) => text(events.map(pick));
  await sql`
    INSERT INTO events (tenant_id, id, type, source, data, correlation_id, connector_id, connector_version, original_webhook_id, created_at)
    SELECT ${tx.tenantId}::uuid, id, type, source, data::jsonb, correlation_id, connector_id, connector_version, original_webhook_id, created_at
    FROM unnest(${uuid(events.map(({ id }) => id))}::uuid[], ${texts(({ type }) => type)}::text[], ${texts(({ source }) => source)}::text[],
      ${texts(({ data }) => JSON.stringify(data))}::text[], ${texts(({ correlationId }) => correlationId)}::text[],
      ${texts(({ connectorId }) => connectorId)}::text[], ${texts(({ connectorVersion }) => connectorVersion)}::text[],
      ${texts(({ originalWebhookId }) => originalWebhookId)}::text[], ${timestamptz(events.map(({ createdAt }) => createdAt))}::timestamptz[])
      WITH ORDINALITY AS event (id, type, source, data, correlation_id, connector_id, connector_version, original_webhook_id, created_at, number)
    ORDER BY number`.execute(tx.db);
}

export async function selectEvent(tx: TenantTx, id: string): Promise<IntegrationEvent | undefined> {
  const row = await eventsOf(tx)
    .selectFrom('events')
    .selectAll()
    .where('tenant_id', '=', tx.tenantId)
    .where('id', '=', id)
    .executeTakeFirst();
  return row === undefined ? undefined : toEvent(row);
}

/** Newest first, after `after`. */
export async function selectEvents(
  tx: TenantTx,
  query: { source?: string; type: TypePattern; after?: EventPosition; limit: number },
): Promise<IntegrationEvent[]> {
  let select = eventsOf(tx)
    .selectFrom('events')
    .selectAll()
    .where('tenant_id', '=', tx.tenantId)
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(query.limit);
  if (query.source !== undefined) select = select.where('source', '=', query.source);
  if (query.type !== 'any') {
    select =
      'exact' in query.type
        ? select.where('type', '=', query.type.exact)
        : select.where(sql<boolean>`starts_with(type, ${query.type.prefix})`);
  }
  if (query.after) {
    const { createdAt, id } = query.after;
    select = select.where(sql<boolean>`(created_at, id) < (${createdAt}::timestamptz, ${id}::uuid)`);
  }
  return (await select.execute()).map(toEvent);
}

function toEvent(row: EventsTable): IntegrationEvent {
  return {
    id: row.id,
    type: row.type,
    source: row.source,
    tenantId: row.tenant_id,
    timestamp: row.created_at.toISOString(),
    data: row.data as Record<string, unknown>,
    correlationId: row.correlation_id,
    // Reading the log is no delivery.
    metadata: {
      connectorId: row.connector_id,
      connectorVersion: row.connector_version,
      deliveryAttempt: 0,
      ...(row.original_webhook_id === null ? {} : { originalWebhookId: row.original_webhook_id }),
    },
  };
}
