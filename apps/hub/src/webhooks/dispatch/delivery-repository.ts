import type { DeliveryStatus, WebhookAttempt, WebhookDelivery } from '@inthub/contracts';
import { type RawBuilder, sql } from 'kysely';
import type { TenantTx } from '../../database/database.ts';

/** All given fields must hold. */
export interface DeliveryFilter {
  readonly subscriptionId?: string;
  readonly statuses?: readonly DeliveryStatus[];
  /** Type pattern: exact, or a prefix that ends with a dot. */
  readonly type?: { readonly exact: string } | { readonly prefix: string } | 'any';
  /** Time of the event: at or after, before. */
  readonly since?: Date;
  readonly until?: Date;
  /** Leaves out test sends, which are never sent again. */
  readonly withoutTests?: boolean;
}

interface DeliveryRow {
  id: string;
  subscription_id: string;
  event_id: string;
  event_type: string;
  event_at: Date;
  revision: number;
  status: DeliveryStatus;
  attempts: number;
  response_status: number | null;
  error_code: string | null;
  order_text: string | null;
  due_at: Date | null;
  finished_at: Date | null;
}

const statusOfQueued = sql<DeliveryStatus>`CASE WHEN state <> 'due' THEN state WHEN attempts > attempts_before THEN 'retrying'
  ELSE 'pending' END`;
const queuedColumns = sql`id, subscription_id, event_id, event_type, event_at, revision, ${statusOfQueued} AS status, attempts,
  NULL::int AS response_status, NULL::text AS error_code, order_text, due_at, NULL::timestamptz AS finished_at`;
const finishedColumns = sql`id, subscription_id, event_id, event_type, event_at, revision, status, attempts, response_status,
  error_code, order_text, NULL::timestamptz AS due_at, finished_at`;
const waiting: ReadonlySet<DeliveryStatus> = new Set(['pending', 'retrying', 'blocked', 'parked']);

function conditions(tx: TenantTx, filter: DeliveryFilter, afterId: string | undefined): RawBuilder<unknown>[] {
  const { subscriptionId, type, since, until, withoutTests = false } = filter;
  const all: RawBuilder<unknown>[] = [sql`tenant_id = ${tx.tenantId}`];
  if (subscriptionId !== undefined) all.push(sql`subscription_id = ${subscriptionId}`);
  if (type !== undefined && type !== 'any') {
    all.push('exact' in type ? sql`event_type = ${type.exact}` : sql`starts_with(event_type, ${type.prefix})`);
  }
  if (withoutTests) all.push(sql`event_type <> 'webhook.test'`);
  if (since !== undefined) all.push(sql`event_at >= ${since}::timestamptz`);
  if (until !== undefined) all.push(sql`event_at < ${until}::timestamptz`);
  if (afterId !== undefined) all.push(sql`id < ${afterId}::uuid`);
  return all;
}

/** Newest event first. A delivery is either in the queue or in the history; one that moves meanwhile is shown once. */
export async function selectDeliveries(
  tx: TenantTx,
  filter: DeliveryFilter,
  { afterId, limit }: { afterId?: string; limit: number },
): Promise<readonly WebhookDelivery[]> {
  const { statuses } = filter;
  const inQueue = statuses?.filter((status) => waiting.has(status));
  const inHistory = statuses?.filter((status) => !waiting.has(status));
  const found: DeliveryRow[] = [];
  if (inQueue?.length !== 0) {
    const where = conditions(tx, filter, afterId);
    if (inQueue !== undefined) where.push(sql`${statusOfQueued} = ANY (${inQueue}::text[])`);
    if (inQueue?.length === 1 && inQueue[0] === 'parked') where.push(sql`state = 'parked'`);
    const { rows } = await sql<DeliveryRow>`
      SELECT ${queuedColumns} FROM webhook_queue WHERE ${sql.join(where, sql` AND `)} ORDER BY id DESC LIMIT ${limit}
    `.execute(tx.db);
    found.push(...rows);
  }
  if (inHistory?.length !== 0) {
    const where = conditions(tx, filter, afterId);
    if (inHistory !== undefined) where.push(sql`status = ANY (${inHistory}::text[])`);
    if (inHistory?.includes('delivered') === false) where.push(sql`status <> 'delivered'`);
    const { rows } = await sql<DeliveryRow>`
      SELECT ${finishedColumns} FROM webhook_deliveries WHERE ${sql.join(where, sql` AND `)} ORDER BY id DESC LIMIT ${limit}
    `.execute(tx.db);
    found.push(...rows);
  }
  const unique = new Map(found.map((row) => [row.id, row]));
  return [...unique.values()]
    .sort((a, b) => (a.id < b.id ? 1 : -1))
    .slice(0, limit)
    .map(toDelivery);
}

export async function findDelivery(
  tx: TenantTx,
  subscriptionId: string,
  id: string,
): Promise<WebhookDelivery | undefined> {
  const key = sql`tenant_id = ${tx.tenantId} AND subscription_id = ${subscriptionId} AND id = ${id}`;
  const queued = await sql<DeliveryRow>`SELECT ${queuedColumns} FROM webhook_queue WHERE ${key}`.execute(tx.db);
  if (queued.rows[0] !== undefined) return toDelivery(queued.rows[0]);
  const over = await sql<DeliveryRow>`SELECT ${finishedColumns} FROM webhook_deliveries WHERE ${key}`.execute(tx.db);
  return over.rows[0] && toDelivery(over.rows[0]);
}

/** The delivery that goes before this blocked one. */
export async function findBlocker(tx: TenantTx, subscriptionId: string, id: string): Promise<string | null> {
  const { rows } = await sql<{ id: string }>`
    SELECT first.id FROM webhook_queue mine JOIN webhook_queue first
      ON first.tenant_id = mine.tenant_id AND first.subscription_id = mine.subscription_id AND first.order_key = mine.order_key
      AND first.state <> 'parked' AND first.seq < mine.seq
    WHERE mine.tenant_id = ${tx.tenantId} AND mine.subscription_id = ${subscriptionId} AND mine.id = ${id}
      AND mine.state = 'blocked'
    ORDER BY first.seq LIMIT 1`.execute(tx.db);
  return rows[0]?.id ?? null;
}

interface AttemptRow {
  number: number;
  started_at: Date;
  duration_ms: number;
  url: string;
  request_headers: Record<string, string>;
  request_body: string;
  response_status: number | null;
  response_headers: Record<string, string> | null;
  response_body: string | null;
  error_code: string | null;
  error: string | null;
  blame: string | null;
}

/** Oldest first; the newest 50 of them. The first one, where it succeeded, is kept with the delivery. */
export async function findAttempts(tx: TenantTx, deliveryId: string): Promise<WebhookAttempt[]> {
  const { rows } = await sql<AttemptRow>`
    (SELECT number, started_at, duration_ms, url, request_headers, request_body, response_status, response_headers, response_body,
        error_code, error, blame
      FROM webhook_attempts WHERE tenant_id = ${tx.tenantId} AND delivery_id = ${deliveryId} ORDER BY started_at DESC LIMIT 50)
    UNION ALL
    (SELECT 1, started_at, duration_ms, url, request_headers::jsonb, request_body, response_status, response_headers::jsonb, response_body,
        NULL, NULL, NULL
      FROM webhook_deliveries WHERE tenant_id = ${tx.tenantId} AND id = ${deliveryId} AND started_at IS NOT NULL LIMIT 1)
    ORDER BY started_at DESC LIMIT 50`.execute(tx.db);
  return rows.reverse().map((row) => ({
    number: row.number,
    startedAt: row.started_at.toISOString(),
    durationMs: Math.round(row.duration_ms * 10) / 10,
    url: row.url,
    success: row.error_code === null,
    request: { headers: row.request_headers, body: row.request_body },
    response:
      row.response_status === null
        ? null
        : { status: row.response_status, headers: row.response_headers ?? {}, body: row.response_body ?? '' },
    errorCode: row.error_code,
    error: row.error,
    blame: row.blame,
  }));
}

function toDelivery(row: DeliveryRow): WebhookDelivery {
  return {
    id: row.id,
    subscriptionId: row.subscription_id,
    eventId: row.event_id,
    eventType: row.event_type,
    eventAt: row.event_at.toISOString(),
    status: row.status,
    revision: row.revision,
    attempts: row.attempts,
    responseStatus: row.response_status,
    errorCode: row.error_code,
    orderKey: row.order_text,
    nextAttemptAt: row.due_at?.toISOString() ?? null,
    finishedAt: row.finished_at?.toISOString() ?? null,
  };
}
