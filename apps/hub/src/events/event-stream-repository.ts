import type { IntegrationEvent } from '@inthub/contracts';
import { sql } from 'kysely';
import type { TenantTx } from '../database/database.ts';
import { type LogPosition, type LogRow, matchesTypeSql, toEvent } from './bus/log-repository.ts';
import type { TypePattern } from './type-pattern.ts';

export interface StreamPosition extends LogPosition {
  readonly createdAt: Date;
}

/** Where an event stands in the log. */
export async function selectPosition(tx: TenantTx, id: string): Promise<StreamPosition | undefined> {
  const { rows } = await sql<{ xact_id: string; seq: string; created_at: Date }>`
    SELECT xact_id::text, seq::text, created_at FROM inthub.events
    WHERE tenant_id = ${tx.tenantId} AND id = ${id}::uuid`.execute(tx.db);
  const [row] = rows;
  return row === undefined ? undefined : { xactId: row.xact_id, seq: row.seq, createdAt: row.created_at };
}

/** Longer than any transaction of the hub lasts: what commits later than another was not written longer before it than this. */
const longestTransaction = '10 minutes';

/**
 * This tenant's events behind `after` and up to `upTo`, in order. The index by time finds them, so that a tenant does not wade through
 * the events of all others.
 */
export async function selectBetween(
  tx: TenantTx,
  query: {
    readonly after: StreamPosition;
    readonly upTo: LogPosition;
    readonly pattern: TypePattern;
    readonly source?: string;
    readonly limit: number;
  },
): Promise<readonly { readonly event: IntegrationEvent; readonly position: StreamPosition }[]> {
  const { after, upTo, source, limit } = query;
  const { rows } = await sql<LogRow>`
    SELECT xact_id::text, seq::text, true AS matches, tenant_id, id, type, source, data, correlation_id, connector_id, connector_version,
      original_webhook_id, created_at
    FROM inthub.events
    WHERE tenant_id = ${tx.tenantId} AND created_at >= ${after.createdAt}::timestamptz - ${longestTransaction}::interval
      AND (xact_id, seq) > (${after.xactId}::xid8, ${after.seq}::bigint)
      AND (xact_id, seq) <= (${upTo.xactId}::xid8, ${upTo.seq}::bigint)
      AND ${matchesTypeSql(query.pattern)} AND ${source === undefined ? sql`true` : sql`source = ${source}`}
    ORDER BY events.xact_id, events.seq LIMIT ${limit}`.execute(tx.db);
  return rows.flatMap((row) => {
    const event = toEvent(row);
    const position = { xactId: row.xact_id, seq: row.seq, createdAt: row.created_at };
    return event === null ? [] : [{ event, position }];
  });
}
