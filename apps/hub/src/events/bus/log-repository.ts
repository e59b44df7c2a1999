import type { IntegrationEvent } from '@inthub/contracts';
import { type RawBuilder, sql } from 'kysely';
import type { SystemTx, TenantTx } from '../../database/database.ts';
import type { TypePattern } from '../type-pattern.ts';

/** A place in the log. Both are 64-bit numbers as decimal text. */
export interface LogPosition {
  readonly xactId: string;
  readonly seq: string;
}

export const logStart: LogPosition = { xactId: '0', seq: '0' };

export function comparePositions(a: LogPosition, b: LogPosition): number {
  const [left, right] = a.xactId === b.xactId ? [BigInt(a.seq), BigInt(b.seq)] : [BigInt(a.xactId), BigInt(b.xactId)];
  return left < right ? -1 : left > right ? 1 : 0;
}

/** An event of the log, or only its place where the reader did not ask for it. */
export interface LogEntry {
  readonly position: LogPosition;
  readonly event: IntegrationEvent | null;
}

export interface LogPage {
  readonly entries: readonly LogEntry[];
  /** Something is committed behind a transaction that still runs: worth asking again in a moment. */
  readonly isHeldBack: boolean;
}

export interface LogQuery {
  readonly after: LogPosition;
  readonly pattern: TypePattern;
  readonly tenantId?: string;
  /** Only events as young as this; the others do not come at all. */
  readonly since?: Date;
  readonly limit: number;
  /**
   * Stops before the oldest transaction that still runs, so that a reader who goes on from the last place misses nothing (default). One who
   * reads once, and never goes on, may have all that is committed: `committed`.
   */
  readonly upTo?: 'settled' | 'committed';
}

export interface LogRow {
  xact_id: string;
  seq: string;
  matches: boolean;
  tenant_id: string;
  id: string;
  type: string;
  source: string;
  data: Record<string, unknown> | null;
  correlation_id: string;
  connector_id: string | null;
  connector_version: string | null;
  original_webhook_id: string | null;
  created_at: Date;
}

export function matchesTypeSql(pattern: TypePattern): RawBuilder<boolean> {
  if (pattern === 'any') return sql`true`;
  return 'exact' in pattern ? sql`type = ${pattern.exact}` : sql`starts_with(type, ${pattern.prefix})`;
}

/** The horizon: every transaction below it has ended, so what is below it is all there, once and for all. */
const horizon = sql`pg_snapshot_xmin(pg_current_snapshot())`;

/**
 * The log in the order of commit, as far as that order is settled. What does not match comes without its data, so that a reader can
 * move its position past it. One statement, so that page and `isHeldBack` are of one moment: a transaction that ended between the two would
 * leave an event neither shown nor announced. The first of what is held back is asked for in the order of the index: for EXISTS the planner
 * expects many rows and reads the whole log to find none. Place and limit stand in subqueries so that the planner does not see them: with that, it makes a new
 * plan for each page, which costs the database ten times what reading it does.
 */
export async function selectLog(
  tx: SystemTx | TenantTx,
  { after, pattern, tenantId, since, limit, upTo = 'settled' }: LogQuery,
): Promise<LogPage> {
  const matches = tenantId === undefined ? matchesTypeSql(pattern) : matchesOfTenant(pattern, tenantId);
  const { rows } = await sql<(LogRow | { readonly id: null }) & { readonly held: boolean }>`
    SELECT held, page.xact_id::text, page.seq::text, matches, tenant_id, id, type, source, CASE WHEN matches THEN data END AS data,
      correlation_id, connector_id, connector_version, original_webhook_id, created_at
    FROM (SELECT (SELECT xact_id FROM inthub.events WHERE xact_id >= ${horizon}
      ORDER BY events.xact_id, events.seq LIMIT 1) IS NOT NULL AS held) AS seen
    LEFT JOIN (SELECT *, ${matches} AS matches FROM inthub.events
      WHERE (xact_id, seq) > ((SELECT ${after.xactId}::xid8), (SELECT ${after.seq}::bigint))
        AND ${upTo === 'settled' ? sql`xact_id < ${horizon}` : sql`true`} AND ${since === undefined ? sql`true` : sql`created_at >= ${since}`}
      ORDER BY events.xact_id, events.seq LIMIT (SELECT ${limit}::bigint)) AS page ON true
    ORDER BY page.xact_id, page.seq`.execute(tx.db);
  return {
    entries: rows.flatMap((row) =>
      row.id === null ? [] : [{ position: { xactId: row.xact_id, seq: row.seq }, event: toEvent(row) }],
    ),
    isHeldBack: rows[0]?.held === true,
  };
}

/** The last place that anything committed by now can have. */
export async function selectEnd(tx: SystemTx): Promise<LogPosition> {
  const { rows } = await sql<{ xact_id: string }>`
    SELECT (pg_snapshot_xmax(pg_current_snapshot())::text::numeric - 1)::text AS xact_id`.execute(tx.db);
  return { xactId: rows[0]?.xact_id ?? '0', seq: lastSeq };
}

/** Where the log ends for a reader that begins now: it will see what commits from here on. */
export async function selectHorizon(tx: SystemTx): Promise<LogPosition> {
  const { rows } = await sql<{ xact_id: string }>`
    SELECT (${horizon}::text::numeric - 1)::text AS xact_id`.execute(tx.db);
  return { xactId: rows[0]?.xact_id ?? '0', seq: lastSeq };
}

const lastSeq = '9223372036854775807';

function matchesOfTenant(pattern: TypePattern, tenantId: string): RawBuilder<boolean> {
  return sql`(tenant_id = ${tenantId}::uuid AND ${matchesTypeSql(pattern)})`;
}

export function toEvent(row: LogRow): IntegrationEvent | null {
  if (!row.matches) return null;
  return {
    id: row.id,
    type: row.type,
    source: row.source,
    tenantId: row.tenant_id,
    timestamp: row.created_at.toISOString(),
    data: row.data ?? {},
    correlationId: row.correlation_id,
    metadata: {
      connectorId: row.connector_id,
      connectorVersion: row.connector_version,
      deliveryAttempt: 0,
      ...(row.original_webhook_id === null ? {} : { originalWebhookId: row.original_webhook_id }),
    },
  };
}
