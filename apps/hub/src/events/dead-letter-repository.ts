import type { IntegrationEvent } from '@inthub/contracts';
import { type RawBuilder, sql } from 'kysely';
import type { TenantTx } from '../database/database.ts';
import type { DeadLetter } from './bus.ts';
import type { TypePattern } from './type-pattern.ts';

export interface DeadLetterQuery {
  readonly ids?: readonly string[];
  readonly consumer?: string;
  readonly type: TypePattern;
  readonly source?: string;
  readonly since?: Date;
  readonly until?: Date;
}

interface DeadLetterRow {
  id: string;
  consumer: string;
  event: IntegrationEvent;
  attempts: number;
  error: string;
  dead_at: Date;
  redrives: number;
}

/** Newest first, after `after`. */
export async function selectDeadLetters(
  tx: TenantTx,
  query: DeadLetterQuery & { readonly after?: { readonly at: Date; readonly id: string }; readonly limit: number },
): Promise<readonly DeadLetter[]> {
  const { after, limit } = query;
  const { rows } = await sql<DeadLetterRow>`
    SELECT id, consumer, event, attempts, error, dead_at, redrives FROM inthub.dead_letters
    WHERE ${conditions(tx, query)}
      AND ${after === undefined ? sql`true` : sql`(dead_at, id) < (${after.at}, ${after.id}::uuid)`}
    ORDER BY dead_at DESC, id DESC LIMIT ${limit}`.execute(tx.db);
  return rows.map(({ dead_at, ...row }) => ({ ...row, deadAt: dead_at.toISOString() }));
}

/** How many match, at most `limit + 1`. */
export async function countDeadLetters(
  tx: TenantTx,
  query: DeadLetterQuery,
  { limit, onlyKnown }: { readonly limit: number; readonly onlyKnown: boolean },
): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    SELECT count(*)::int AS count FROM (SELECT FROM inthub.dead_letters
      WHERE ${conditions(tx, query)} AND ${isKnown(onlyKnown)} LIMIT ${limit + 1}) found`.execute(tx.db);
  return rows[0]?.count ?? 0;
}

/** Deletes the oldest; with `redrive` they go back to their consumers, the first now, each further one `spacingMs` later. */
export async function removeDeadLetters(
  tx: TenantTx,
  query: DeadLetterQuery,
  { limit, redrive }: { readonly limit: number; readonly redrive: { now: Date; spacingMs: number } | null },
): Promise<number> {
  const taken = sql`
    WITH chosen AS MATERIALIZED (
      SELECT tenant_id, id, dead_at FROM inthub.dead_letters
      WHERE ${conditions(tx, query)} AND ${isKnown(redrive !== null)} ORDER BY dead_at, id LIMIT ${limit}
    ), taken AS (
      DELETE FROM inthub.dead_letters d USING chosen c
      WHERE d.tenant_id = c.tenant_id AND d.id = c.id AND d.dead_at = c.dead_at RETURNING d.*
    )`;
  const { rows } =
    redrive === null
      ? await sql<{ count: number }>`${taken} SELECT count(*)::int AS count FROM taken`.execute(tx.db)
      : await sql<{ count: number }>`${taken}, back AS (
          INSERT INTO inthub.bus_redeliveries
            (tenant_id, consumer, event_id, event, source, xact_id, seq, attempts, due_at, holds_source, redrives)
          SELECT tenant_id, consumer, event_id, event, source, xact_id, seq, 0,
            ${redrive.now}::timestamptz + (row_number() OVER (ORDER BY dead_at, id) - 1) * ${redrive.spacingMs}::float8 * interval '1 millisecond',
            false, redrives + 1
          FROM taken ON CONFLICT DO NOTHING
        ) SELECT count(*)::int AS count FROM taken`.execute(tx.db);
  return rows[0]?.count ?? 0;
}

function isKnown(asked: boolean): RawBuilder<boolean> {
  return asked ? sql`consumer IN (SELECT name FROM inthub.bus_consumers)` : sql`true`;
}

function conditions(tx: TenantTx, { ids, consumer, type, source, since, until }: DeadLetterQuery): RawBuilder<boolean> {
  const all: RawBuilder<unknown>[] = [sql`tenant_id = ${tx.tenantId}::uuid`];
  if (ids !== undefined) all.push(sql`id = ANY (${ids as string[]}::uuid[])`);
  if (consumer !== undefined) all.push(sql`consumer = ${consumer}`);
  if (source !== undefined) all.push(sql`source = ${source}`);
  if (since !== undefined) all.push(sql`dead_at >= ${since}`);
  if (until !== undefined) all.push(sql`dead_at < ${until}`);
  if (type !== 'any') {
    all.push('exact' in type ? sql`event_type = ${type.exact}` : sql`starts_with(event_type, ${type.prefix})`);
  }
  return sql<boolean>`(${sql.join(all, sql` AND `)})`;
}
