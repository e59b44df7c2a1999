import { sql } from 'kysely';
import { binaryArray, type SystemTx } from '../../database/database.ts';
import type { AttemptRecord, Finished } from './outcome-repository.ts';

/** The end of a delivery, with its attempt where that was the only one and succeeded: it is kept in the same row. */
export interface HistoryRow extends Finished {
  readonly attempt: AttemptRecord | null;
}

/** What became of rows of the history that were to be written. */
export interface Written {
  readonly ids: ReadonlySet<string>;
  /** Those that were there already: the same delivery was made twice. */
  readonly repeated: readonly HistoryRow[];
}

const nothing: Written = { ids: new Set(), repeated: [] };
const keys = sql`tenant_id, subscription_id, id`;
const ofJob = sql`event_id, event_at, event_type, revision, order_text`;
const ofEnd = sql`status, attempts, url, response_status, error_code, finished_at, started_at, duration_ms, request_headers,
  request_body, response_headers, response_body`;

function columnsOfEnd(rows: readonly HistoryRow[]) {
  const json = (read: (attempt: AttemptRecord) => object | null) =>
    binaryArray.json(
      rows.map(({ attempt }) => {
        const value = attempt && read(attempt);
        return value === null ? null : JSON.stringify(value);
      }),
    );
  return sql`${binaryArray.text(rows.map((one) => one.status))}::text[],
    ${binaryArray.smallint(rows.map((one) => one.attempts))}::smallint[],
    ${binaryArray.text(rows.map((one) => one.url))}::text[],
    ${binaryArray.int(rows.map((one) => one.responseStatus))}::int[],
    ${binaryArray.text(rows.map((one) => one.errorCode))}::text[],
    ${binaryArray.timestamptz(rows.map((one) => one.at))}::timestamptz[],
    ${binaryArray.timestamptz(rows.map(({ attempt }) => attempt?.startedAt))}::timestamptz[],
    ${binaryArray.double(rows.map(({ attempt }) => attempt?.durationMs))}::float8[],
    ${json((attempt) => attempt.requestHeaders)}::json[],
    ${binaryArray.text(rows.map(({ attempt }) => attempt?.requestBody))}::text[],
    ${json((attempt) => attempt.responseHeaders)}::json[],
    ${binaryArray.text(rows.map(({ attempt }) => attempt?.responseBody))}::text[]`;
}

function columnsOfKeys(rows: readonly HistoryRow[]) {
  return sql`${binaryArray.uuid(rows.map(({ job }) => job.tenantId))}::uuid[],
    ${binaryArray.uuid(rows.map(({ job }) => job.subscriptionId))}::uuid[],
    ${binaryArray.uuid(rows.map(({ job }) => job.id))}::uuid[]`;
}

/** Of deliveries that stood in no queue. */
export async function insertHistory(tx: SystemTx, rows: readonly HistoryRow[]): Promise<Written> {
  if (rows.length === 0) return nothing;
  const { numAffectedRows } = await sql`
    INSERT INTO webhook_deliveries (${keys}, ${ofJob}, ${ofEnd})
    SELECT * FROM unnest(${columnsOfKeys(rows)},
      ${binaryArray.uuid(rows.map(({ job }) => job.eventId))}::uuid[],
      ${binaryArray.timestamptz(rows.map(({ job }) => job.eventAt))}::timestamptz[],
      ${binaryArray.text(rows.map(({ job }) => job.eventType))}::text[],
      ${binaryArray.int(rows.map(({ job }) => job.revision))}::int[],
      ${binaryArray.text(rows.map(({ job }) => job.orderText))}::text[],
      ${columnsOfEnd(rows)})
    ON CONFLICT (tenant_id, id, event_at) DO NOTHING`.execute(tx.db);
  const ids = new Set(rows.map(({ job }) => job.id));
  if (numAffectedRows === BigInt(rows.length)) return { ids, repeated: [] };
  // Which of them have just been made cannot be told apart by now, except by what they say.
  const { rows: mine } = await sql<{ id: string }>`
    SELECT h.id FROM unnest(${columnsOfKeys(rows)}, ${binaryArray.timestamptz(rows.map(({ job }) => job.eventAt))}::timestamptz[],
      ${binaryArray.timestamptz(rows.map((one) => one.at))}::timestamptz[]) AS d (${keys}, event_at, finished_at)
    JOIN webhook_deliveries h USING (${keys}, event_at, finished_at)`.execute(tx.db);
  const made = new Set(mine.map(({ id }) => id));
  return { ids, repeated: rows.filter(({ job }) => !made.has(job.id)) };
}

/** Moves what is over from the queue to the history, except what another worker has taken over since: that one tells the end. */
export async function finish(tx: SystemTx, rows: readonly HistoryRow[]): Promise<Written> {
  if (rows.length === 0) return nothing;
  const { rows: gone } = await sql<{ id: string; made: boolean }>`
    WITH d AS (
      SELECT * FROM unnest(${columnsOfKeys(rows)}, ${binaryArray.uuid(rows.map(({ job }) => job.leaseId))}::uuid[],
        ${columnsOfEnd(rows)}) AS d (${keys}, lease_id, ${ofEnd})
    ), gone AS (
      DELETE FROM webhook_queue AS q USING d
      WHERE q.tenant_id = d.tenant_id AND q.subscription_id = d.subscription_id AND q.id = d.id AND q.lease_id = d.lease_id
      RETURNING q.tenant_id, q.subscription_id, q.id, q.event_id, q.event_at, q.event_type, q.revision, q.order_text,
        d.status, d.attempts, d.url, d.response_status, d.error_code, d.finished_at, d.started_at, d.duration_ms, d.request_headers,
        d.request_body, d.response_headers, d.response_body
    ), made AS (
      INSERT INTO webhook_deliveries (${keys}, ${ofJob}, ${ofEnd}) SELECT * FROM gone
      ON CONFLICT (tenant_id, id, event_at) DO NOTHING RETURNING id
    )
    SELECT gone.id, made.id IS NOT NULL AS made FROM gone LEFT JOIN made USING (id)`.execute(tx.db);
  const there = new Set(gone.flatMap(({ id, made }) => (made ? [] : [id])));
  return { ids: new Set(gone.map(({ id }) => id)), repeated: rows.filter(({ job }) => there.has(job.id)) };
}

/** What came of deliveries that were made twice: the end that was told last, unless the first one was a success at once. */
export async function overwriteEnds(tx: SystemTx, rows: readonly HistoryRow[]): Promise<void> {
  if (rows.length === 0) return;
  await sql`
    UPDATE webhook_deliveries AS h SET status = d.status, attempts = d.attempts, url = d.url, response_status = d.response_status,
      error_code = d.error_code, finished_at = d.finished_at
    FROM unnest(${columnsOfKeys(rows)}, ${binaryArray.timestamptz(rows.map(({ job }) => job.eventAt))}::timestamptz[],
      ${columnsOfEnd(rows)}) AS d (${keys}, event_at, ${ofEnd})
    WHERE h.tenant_id = d.tenant_id AND h.id = d.id AND h.event_at = d.event_at AND h.started_at IS NULL`.execute(
    tx.db,
  );
}
