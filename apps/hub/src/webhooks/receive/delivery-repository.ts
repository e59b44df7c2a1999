// What was stored, as one tenant sees it: for translation, and for people.

import { type Selectable, sql } from 'kysely';
import type { TenantTx } from '../../database/database.ts';
import type { InboundStatus, InboundSummary, LeasedInbound } from './inbound-delivery.ts';
import { partBytes } from './ingest-repository.ts';

interface DeliveriesTable {
  tenant_id: string;
  id: string;
  integration_id: string;
  endpoint_id: string;
  webhook_id: string;
  external_id: string | null;
  kind: string | null;
  received_at: Date;
  headers: [string, string][];
  /** Of deliveries from before there was inbound_bodies. */
  body: Buffer | null;
  body_bytes: number | null;
  status: InboundStatus;
  attempts: number;
  lost_leases: number;
  due_at: Date;
  lease_id: string | null;
  event_types: string[] | null;
  error: string | null;
  settled_at: Date | null;
}

const tablesOf = (tx: TenantTx) => tx.db.withTables<{ inbound_deliveries: DeliveriesTable }>();

/** `status = 'pending'` of deliveries that are named, in words that do not lead the planner to walk through all that are pending. */
const unsettled = sql<boolean>`status NOT IN ('translated', 'untranslated', 'dead')`;

/** The body of a row of inbound_deliveries, of which only the first bytes may be wanted. */
const bodyOf = (maxBytes?: number) => {
  const isWanted = maxBytes === undefined ? sql`` : sql`AND piece.part <= ${Math.floor(maxBytes / partBytes)}::integer`;
  const pieces = sql`(SELECT string_agg(piece.bytes, '' ORDER BY piece.part) FROM inbound_bodies AS piece
    WHERE piece.tenant_id = inbound_deliveries.tenant_id AND piece.delivery_id = inbound_deliveries.id
      AND piece.received_at = inbound_deliveries.received_at ${isWanted})`;
  const whole = sql<Buffer>`coalesce(body, ${pieces})`;
  return maxBytes === undefined ? whole : sql<Buffer>`substring(${whole} FROM 1 FOR ${maxBytes}::integer)`;
};
const bytesOf = sql<number>`coalesce(body_bytes, octet_length(body))`;

/** Deliveries that a worker holds, in the order in which they came. */
export async function readLeased(
  tx: TenantTx,
  leaseId: string,
  claims: readonly { readonly id: string; readonly receivedAt: Date }[],
): Promise<LeasedInbound[]> {
  const rows = await tablesOf(tx)
    .selectFrom('inbound_deliveries')
    .select([
      'id',
      'integration_id',
      'endpoint_id',
      'webhook_id',
      'external_id',
      'kind',
      'received_at',
      'headers',
      bodyOf().as('body'),
      'attempts',
      'lost_leases',
    ])
    .where('tenant_id', '=', tx.tenantId)
    .where(
      'id',
      'in',
      claims.map(({ id }) => id),
    )
    .where(
      'received_at',
      'in',
      claims.map(({ receivedAt }) => receivedAt),
    )
    .where('lease_id', '=', leaseId)
    .where(unsettled)
    .orderBy('received_at')
    .orderBy('id')
    .execute();
  return rows.map((row) => ({
    tenantId: tx.tenantId,
    id: row.id,
    integrationId: row.integration_id,
    endpointId: row.endpoint_id,
    webhookId: row.webhook_id,
    externalId: row.external_id,
    kind: row.kind,
    receivedAt: row.received_at,
    headers: row.headers,
    body: row.body,
    attempts: row.attempts,
    lostLeases: row.lost_leases,
  }));
}

/** Gives back what a worker has claimed and not begun with. */
export async function returnLeased(
  tx: TenantTx,
  leaseId: string,
  deliveries: readonly { readonly id: string; readonly receivedAt: Date }[],
  now: Date,
): Promise<void> {
  const values = deliveries.map(({ id, receivedAt }) => ({ id, received_at: receivedAt }));
  await sql`
    UPDATE inbound_deliveries AS delivery SET lease_id = NULL, due_at = ${now}
    FROM json_to_recordset(${JSON.stringify(values)}::json) AS given (id uuid, received_at timestamptz)
    WHERE delivery.tenant_id = ${tx.tenantId} AND delivery.id = given.id AND delivery.received_at = given.received_at
      AND delivery.lease_id = ${leaseId} AND delivery.${unsettled}`.execute(tx.db);
}

/** What became of a delivery that a worker held. */
export interface Settlement {
  readonly id: string;
  readonly receivedAt: Date;
  readonly status: InboundStatus;
  readonly attempts: number;
  readonly eventTypes: readonly string[];
  readonly error: string | null;
  /** For `pending`: when it is tried again. */
  readonly dueAt: Date;
}

/** Writes outcomes for the deliveries that are still held under this lease; gives their ids. Nobody else settles those any more. */
export async function settleLeased(
  tx: TenantTx,
  leaseId: string,
  settlements: readonly Settlement[],
  now: Date,
): Promise<ReadonlySet<string>> {
  const values = settlements.map(({ id, receivedAt, status, attempts, eventTypes, error, dueAt }) => ({
    id,
    received_at: receivedAt,
    status,
    attempts,
    event_types: eventTypes,
    error,
    due_at: dueAt,
    settled_at: status === 'pending' ? null : now,
  }));
  const { rows } = await sql<{ id: string }>`
    UPDATE inbound_deliveries AS delivery SET status = outcome.status, attempts = outcome.attempts,
      event_types = ARRAY(SELECT json_array_elements_text(outcome.event_types)), error = outcome.error, due_at = outcome.due_at,
      settled_at = outcome.settled_at, lease_id = NULL, lost_leases = 0
    FROM json_to_recordset(${JSON.stringify(values)}::json) AS outcome (id uuid, received_at timestamptz, status text, attempts smallint,
      event_types json, error text, due_at timestamptz, settled_at timestamptz)
    WHERE delivery.tenant_id = ${tx.tenantId} AND delivery.id = outcome.id AND delivery.received_at = outcome.received_at
      AND delivery.lease_id = ${leaseId} AND delivery.${unsettled}
    RETURNING delivery.id`.execute(tx.db);
  return new Set(rows.map(({ id }) => id));
}

export interface DeliveryFilter {
  readonly integrationId: string;
  readonly status?: InboundStatus;
  readonly endpointId?: string;
  readonly kind?: string;
  readonly since?: Date;
  readonly until?: Date;
}

const summaryColumns = [
  'id',
  'integration_id',
  'endpoint_id',
  'webhook_id',
  'external_id',
  'kind',
  'received_at',
  'status',
  'attempts',
  'event_types',
  'error',
  'settled_at',
] as const;

/** Newest first, after `after`. */
export async function listDeliveries(
  tx: TenantTx,
  filter: DeliveryFilter,
  page: { readonly after?: { readonly receivedAt: Date; readonly id: string }; readonly limit: number },
): Promise<InboundSummary[]> {
  let query = tablesOf(tx)
    .selectFrom('inbound_deliveries')
    .select([...summaryColumns, bytesOf.as('bytes')])
    .where('tenant_id', '=', tx.tenantId)
    .where('integration_id', '=', filter.integrationId)
    .orderBy('received_at', 'desc')
    .orderBy('id', 'desc')
    .limit(page.limit);
  if (filter.status !== undefined) query = query.where('status', '=', filter.status);
  if (filter.endpointId !== undefined) query = query.where('endpoint_id', '=', filter.endpointId);
  if (filter.kind !== undefined) query = query.where('kind', '=', filter.kind);
  if (filter.since !== undefined) query = query.where('received_at', '>=', filter.since);
  if (filter.until !== undefined) query = query.where('received_at', '<', filter.until);
  if (page.after !== undefined) {
    const { receivedAt, id } = page.after;
    query = query.where(sql<boolean>`(received_at, id) < (${receivedAt}::timestamptz, ${id}::uuid)`);
  }
  return (await query.execute()).map(toSummary);
}

/** One delivery with its headers and the first `maxBytes` of its body. */
export async function findDelivery(
  tx: TenantTx,
  integrationId: string,
  id: string,
  maxBytes: number,
): Promise<{ summary: InboundSummary; headers: readonly (readonly [string, string])[]; body: Buffer } | undefined> {
  const row = await tablesOf(tx)
    .selectFrom('inbound_deliveries')
    .select([...summaryColumns, 'headers', bytesOf.as('bytes'), bodyOf(maxBytes).as('body')])
    .where('tenant_id', '=', tx.tenantId)
    .where('integration_id', '=', integrationId)
    .where('id', '=', id)
    .executeTakeFirst();
  return row && { summary: toSummary(row), headers: row.headers, body: row.body };
}

/**
 * Has deliveries translated again that became nothing, or could not be translated; gives how many. Those that became events stay as
 * they are: the same delivery never makes the same events twice.
 */
export async function requeueDeliveries(
  tx: TenantTx,
  filter: DeliveryFilter & { readonly ids?: readonly string[] },
  now: Date,
  limit: number,
): Promise<number> {
  let chosen = tablesOf(tx)
    .selectFrom('inbound_deliveries')
    .select(['id', 'received_at'])
    .where('tenant_id', '=', tx.tenantId)
    .where('integration_id', '=', filter.integrationId)
    .where('status', 'in', filter.status === undefined ? ['untranslated', 'dead'] : [filter.status])
    .where('status', 'in', ['untranslated', 'dead'])
    .orderBy('received_at')
    .orderBy('id')
    .limit(limit)
    .forUpdate();
  if (filter.ids !== undefined) chosen = chosen.where('id', 'in', filter.ids);
  if (filter.kind !== undefined) chosen = chosen.where('kind', '=', filter.kind);
  if (filter.since !== undefined) chosen = chosen.where('received_at', '>=', filter.since);
  if (filter.until !== undefined) chosen = chosen.where('received_at', '<', filter.until);
  const { rows } = await sql<{ id: string }>`
    UPDATE inbound_deliveries SET status = 'pending', attempts = 0, lost_leases = 0, due_at = ${now}, lease_id = NULL, error = NULL, settled_at = NULL,
      event_types = NULL
    WHERE tenant_id = ${tx.tenantId} AND (id, received_at) IN (${chosen}) RETURNING id`.execute(tx.db);
  return rows.length;
}

type SummaryRow = Pick<Selectable<DeliveriesTable>, (typeof summaryColumns)[number]> & { bytes: number };

function toSummary(row: SummaryRow): InboundSummary {
  return {
    id: row.id,
    integrationId: row.integration_id,
    endpointId: row.endpoint_id,
    webhookId: row.webhook_id,
    externalId: row.external_id,
    kind: row.kind,
    receivedAt: row.received_at.toISOString(),
    bytes: row.bytes,
    status: row.status,
    attempts: row.attempts,
    eventTypes: row.event_types ?? [],
    error: row.error,
    settledAt: row.settled_at?.toISOString() ?? null,
  };
}
