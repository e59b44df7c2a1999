// What was stored, as one tenant sees it: for translation, and for people.

import { type Selectable, sql } from 'kysely';
import { binaryArray, type TenantTx } from '../../database/database.ts';
import { bodyColumns, readBodies } from './body-repository.ts';
import type { InboundStatus, InboundSummary, LeasedInbound } from './inbound-delivery.ts';

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
  lost_by: number[];
  due_at: Date;
  lease_id: string | null;
  event_types: string[] | null;
  error: string | null;
  settled_at: Date | null;
}

const tablesOf = (tx: TenantTx) => tx.db.withTables<{ inbound_deliveries: DeliveriesTable }>();

/** `status = 'pending'` of deliveries that are named, in words that do not lead the planner to walk through all that are pending. */
const unsettled = sql<boolean>`status NOT IN ('translated', 'untranslated', 'dead')`;

const bytesOf = sql<number>`coalesce(body_bytes, octet_length(body))`;

/** A delivery that somebody holds. */
interface Named {
  readonly id: string;
  readonly receivedAt: Date;
}

/**
 * Which rows are meant, by ids and the months that they may stand in. Not as a join with a list: before its table was analysed, or while few
 * are pending, the planner would read all of the tenant's rows for each batch.
 */
function isAmong(tx: TenantTx, deliveries: readonly Named[]) {
  const times = deliveries.map(({ receivedAt }) => receivedAt.getTime());
  const ids = binaryArray.uuid(deliveries.map(({ id }) => id));
  return sql<boolean>`tenant_id = ${tx.tenantId}::uuid AND id = ANY (${ids}::uuid[])
    AND received_at BETWEEN ${new Date(Math.min(...times))}::timestamptz AND ${new Date(Math.max(...times))}::timestamptz`;
}

/** Deliveries that a worker holds, in the order in which they came. */
export async function readLeased(tx: TenantTx, leaseId: string, claims: readonly Named[]): Promise<LeasedInbound[]> {
  if (claims.length === 0) return [];
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
      ...bodyColumns(),
      'attempts',
      'lost_leases',
      'lost_by',
    ])
    .where(isAmong(tx, claims))
    .where('lease_id', '=', leaseId)
    .where(unsettled)
    .orderBy('received_at')
    .orderBy('id')
    .execute();
  const bodies = await readBodies(tx, rows);
  return rows.map((row, index) => ({
    tenantId: tx.tenantId,
    id: row.id,
    integrationId: row.integration_id,
    endpointId: row.endpoint_id,
    webhookId: row.webhook_id,
    externalId: row.external_id,
    kind: row.kind,
    receivedAt: row.received_at,
    headers: row.headers,
    body: bodies[index] ?? Buffer.alloc(0),
    attempts: row.attempts,
    lostLeases: row.lost_leases,
    lostBy: row.lost_by,
  }));
}

/** Gives back what a worker has claimed and not begun with. */
export async function returnLeased(
  tx: TenantTx,
  leaseId: string,
  deliveries: readonly Named[],
  now: Date,
): Promise<void> {
  if (deliveries.length === 0) return;
  await sql`UPDATE inbound_deliveries SET lease_id = NULL, due_at = ${now}
    WHERE ${isAmong(tx, deliveries)} AND lease_id = ${leaseId} AND ${unsettled}`.execute(tx.db);
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
  // Most of a batch come to the same, and a statement for each outcome needs no join.
  const alike = Map.groupBy(settlements, ({ status, attempts, eventTypes, error, dueAt }) =>
    JSON.stringify([status, attempts, eventTypes, error, status === 'pending' ? dueAt : null]),
  );
  const done = await Promise.all([...alike.values()].map((group) => settleAlike(tx, leaseId, group, now)));
  return new Set(done.flat());
}

async function settleAlike(
  tx: TenantTx,
  leaseId: string,
  group: readonly Settlement[],
  now: Date,
): Promise<readonly string[]> {
  const [first] = group;
  if (first === undefined) return [];
  const { status, attempts, eventTypes, error, dueAt } = first;
  const { rows } = await sql<{ id: string }>`
    UPDATE inbound_deliveries SET status = ${status}, attempts = ${attempts}, event_types = ${eventTypes}::text[], error = ${error}::text,
      due_at = ${dueAt}, settled_at = ${status === 'pending' ? null : now}::timestamptz, lease_id = NULL, lost_leases = 0,
      lost_by = '{}'
    WHERE ${isAmong(tx, group)} AND lease_id = ${leaseId} AND ${unsettled}
    RETURNING id`.execute(tx.db);
  return rows.map(({ id }) => id);
}

/**
 * Of deliveries that another worker has taken over while they were translated here: this process has lived through it, so none of them ends a
 * process. How often they were lost stays, so that they are still taken one by one and get more time.
 */
export async function acquit(tx: TenantTx, deliveries: readonly Named[]): Promise<void> {
  if (deliveries.length === 0) return;
  await sql`
    UPDATE inbound_deliveries SET lost_by = '{}'
    WHERE ${isAmong(tx, deliveries)} AND ${unsettled} AND lost_by <> '{}'`.execute(tx.db);
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
    .select([...summaryColumns, 'headers', bytesOf.as('bytes'), ...bodyColumns(maxBytes)])
    .where('tenant_id', '=', tx.tenantId)
    .where('integration_id', '=', integrationId)
    .where('id', '=', id)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  const [body = Buffer.alloc(0)] = await readBodies(tx, [row]);
  return { summary: toSummary(row), headers: row.headers, body: body.subarray(0, maxBytes) };
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
    UPDATE inbound_deliveries SET status = 'pending', attempts = 0, lost_leases = 0, lost_by = '{}', due_at = ${now}, lease_id = NULL, error = NULL, settled_at = NULL,
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
