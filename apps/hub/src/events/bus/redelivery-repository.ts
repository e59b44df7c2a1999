import type { IntegrationEvent } from '@inthub/contracts';
import { sql } from 'kysely';
import { isPresent, type SystemTx } from '../../database/database.ts';
import type { LogPosition } from './log-repository.ts';

/** An event that waits for another attempt. */
export interface Redelivery {
  readonly event: IntegrationEvent;
  readonly position: LogPosition;
  /** Attempts made so far. */
  readonly attempts: number;
  readonly error: string | null;
  /** Null: behind a failing event of its source. */
  readonly dueAt: Date | null;
  readonly holdsSource: boolean;
  readonly redrives: number;
}

/** One that is due. */
export interface DueRedelivery extends Redelivery {
  /** How many of its attempts nobody saw the end of. */
  readonly starts: number;
  /** Whether the process that began the last of these still lives, so that it may have been too slow only. */
  readonly starterLives: boolean;
  readonly dueAt: Date;
}

interface RedeliveryRow {
  event: IntegrationEvent;
  xact_id: string;
  seq: string;
  attempts: number;
  starts: number;
  starter_lives: boolean;
  due_at: Date;
  holds_source: boolean;
  redrives: number;
}

/** New ones, and new outcomes of those that were there. What was not tried says nothing new of one that is there. */
export async function upsertRedeliveries(tx: SystemTx, consumer: string, list: readonly Redelivery[]): Promise<void> {
  const rows = list.map(({ event, position, attempts, error, dueAt, holdsSource, redrives }) => ({
    tenant_id: event.tenantId,
    event_id: event.id,
    event,
    source: event.source,
    xact_id: position.xactId,
    seq: position.seq,
    attempts,
    error,
    due_at: dueAt === null ? 'infinity' : dueAt.toISOString(),
    holds_source: holdsSource,
    redrives,
  }));
  await sql`
    INSERT INTO inthub.bus_redeliveries
      (tenant_id, consumer, event_id, event, source, xact_id, seq, attempts, error, due_at, holds_source, redrives)
    SELECT tenant_id, ${consumer}, event_id, event, source, xact_id::xid8, seq, attempts, error, due_at::timestamptz, holds_source, redrives
    FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS r (tenant_id uuid, event_id uuid, event jsonb, source text, xact_id text,
      seq bigint, attempts integer, error text, due_at text, holds_source boolean, redrives integer)
    ON CONFLICT (tenant_id, consumer, event_id) DO UPDATE
      SET attempts = excluded.attempts, error = excluded.error, due_at = excluded.due_at, starts = 0 WHERE excluded.attempts > 0`.execute(
    tx.db,
  );
}

export interface EventKey {
  readonly tenantId: string;
  readonly eventId: string;
}

export async function deleteRedeliveries(tx: SystemTx, consumer: string, keys: readonly EventKey[]): Promise<void> {
  await sql`DELETE FROM inthub.bus_redeliveries r USING jsonb_to_recordset(${JSON.stringify(keys)}::jsonb) AS k ("tenantId" uuid, "eventId" uuid)
    WHERE r.tenant_id = k."tenantId" AND r.consumer = ${consumer} AND r.event_id = k."eventId"`.execute(tx.db);
}

export interface SourceKey {
  readonly tenantId: string;
  readonly source: string;
}

/** In each of these sources the first event that waits becomes due, unless it has a time of its own. */
export async function callNextOfSources(
  tx: SystemTx,
  consumer: string,
  sources: readonly SourceKey[],
  now: Date,
): Promise<void> {
  await sql`
    UPDATE inthub.bus_redeliveries r SET due_at = ${now}
    FROM jsonb_to_recordset(${JSON.stringify(sources)}::jsonb) AS k ("tenantId" uuid, source text),
      LATERAL (SELECT w.event_id FROM inthub.bus_redeliveries w
        WHERE w.tenant_id = k."tenantId" AND w.consumer = ${consumer} AND w.source = k.source AND w.holds_source
        ORDER BY w.xact_id, w.seq LIMIT 1) first
    WHERE r.tenant_id = k."tenantId" AND r.consumer = ${consumer} AND r.event_id = first.event_id AND r.due_at = 'infinity'`.execute(
    tx.db,
  );
}

/**
 * Those that are due, without the ones under way: first those that no process has ended with, longest overdue first; of the others the least
 * suspected first, so that the one to blame does not keep the innocent from their turn. At most `limit` of each.
 */
export async function selectDue(
  tx: SystemTx,
  query: { consumer: string; now: Date; limit: number; underWay: readonly string[]; presence: number },
): Promise<readonly DueRedelivery[]> {
  const { consumer, now, limit, underWay, presence } = query;
  const due = sql`consumer = ${consumer} AND due_at <= ${now} AND due_at < 'infinity' AND NOT event_id = ANY (${underWay as string[]}::uuid[])`;
  // Two branches, so that each goes by its own index, however many wait.
  const { rows } = await sql<RedeliveryRow>`
    SELECT event, xact_id::text, seq::text, attempts, starts, due_at, holds_source, redrives,
      starts > 0 AND started_by IS NOT NULL AND (started_by = ${presence} OR ${isPresent(sql`started_by`)}) AS starter_lives FROM (
      (SELECT * FROM inthub.bus_redeliveries WHERE ${due} AND starts = 0 ORDER BY due_at LIMIT ${limit})
      UNION ALL
      (SELECT * FROM inthub.bus_redeliveries WHERE ${due} AND starts > 0 ORDER BY starts, due_at LIMIT ${limit})
    ) found ORDER BY starts, due_at`.execute(tx.db);
  return rows.map((row) => ({
    event: row.event,
    position: { xactId: row.xact_id, seq: row.seq },
    attempts: row.attempts + row.starts,
    starts: row.starts,
    starterLives: row.starter_lives,
    error: null,
    dueAt: row.due_at,
    holdsSource: row.holds_source,
    redrives: row.redrives,
  }));
}

/** Notes that an attempt begins in the process with this presence, and when there is another should it end with this one. */
export async function markStarted(
  tx: SystemTx,
  { consumer, presence }: { readonly consumer: string; readonly presence: number },
  started: readonly (EventKey & { readonly nextAt: Date })[],
): Promise<void> {
  await sql`UPDATE inthub.bus_redeliveries r SET starts = r.starts + 1, started_by = ${presence}, due_at = k."nextAt"
    FROM jsonb_to_recordset(${JSON.stringify(started)}::jsonb) AS k ("tenantId" uuid, "eventId" uuid, "nextAt" timestamptz)
    WHERE r.tenant_id = k."tenantId" AND r.consumer = ${consumer} AND r.event_id = k."eventId"`.execute(tx.db);
}

/** Takes that back: the process has lived through the attempt, or never made it. @param dueAt null: as it was meant to be tried again */
export async function unmarkStarted(
  tx: SystemTx,
  consumer: string,
  keys: readonly EventKey[],
  dueAt: Date | null,
): Promise<void> {
  await sql`UPDATE inthub.bus_redeliveries r SET starts = greatest(r.starts - 1, 0), due_at = COALESCE(${dueAt}::timestamptz, r.due_at)
    FROM jsonb_to_recordset(${JSON.stringify(keys)}::jsonb) AS k ("tenantId" uuid, "eventId" uuid)
    WHERE r.tenant_id = k."tenantId" AND r.consumer = ${consumer} AND r.event_id = k."eventId"`.execute(tx.db);
}

/** Which of these sources are still held up. */
export async function selectHeldAmong(
  tx: SystemTx,
  consumer: string,
  sources: readonly SourceKey[],
): Promise<readonly SourceKey[]> {
  const { rows } = await sql<{ tenant_id: string; source: string }>`
    SELECT k."tenantId" AS tenant_id, k.source FROM jsonb_to_recordset(${JSON.stringify(sources)}::jsonb) AS k ("tenantId" uuid, source text)
    WHERE EXISTS (SELECT FROM inthub.bus_redeliveries r
      WHERE r.tenant_id = k."tenantId" AND r.consumer = ${consumer} AND r.source = k.source AND r.holds_source)`.execute(
    tx.db,
  );
  return rows.map(({ tenant_id, source }) => ({ tenantId: tenant_id, source }));
}

/** Every source that is held up. */
export async function selectHeldSources(tx: SystemTx, consumer: string): Promise<readonly SourceKey[]> {
  const { rows } = await sql<{ tenant_id: string; source: string }>`
    SELECT DISTINCT tenant_id, source FROM inthub.bus_redeliveries
    WHERE consumer = ${consumer} AND holds_source`.execute(tx.db);
  return rows.map(({ tenant_id, source }) => ({ tenantId: tenant_id, source }));
}

export interface NewDeadLetter {
  readonly id: string;
  readonly event: IntegrationEvent;
  readonly position: LogPosition;
  readonly attempts: number;
  readonly error: string;
  readonly redrives: number;
  readonly deadAt: Date;
}

export async function insertDeadLetters(
  tx: SystemTx,
  consumer: string,
  letters: readonly NewDeadLetter[],
): Promise<void> {
  const rows = letters.map(({ event, position, deadAt, ...rest }) => ({
    ...rest,
    tenant_id: event.tenantId,
    event_id: event.id,
    event_type: event.type,
    source: event.source,
    event,
    xact_id: position.xactId,
    seq: position.seq,
    dead_at: deadAt.toISOString(),
  }));
  await sql`
    INSERT INTO inthub.dead_letters
      (tenant_id, id, consumer, event_id, event_type, source, event, xact_id, seq, attempts, error, redrives, dead_at)
    SELECT tenant_id, id, ${consumer}, event_id, event_type, source, event, xact_id::xid8, seq, attempts, error, redrives, dead_at
    FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS r (tenant_id uuid, id uuid, event_id uuid, event_type text, source text,
      event jsonb, xact_id text, seq bigint, attempts integer, error text, redrives integer, dead_at timestamptz)
    ON CONFLICT DO NOTHING`.execute(tx.db);
}
