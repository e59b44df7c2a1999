// Whether a delivery `d (tenant_id, subscription_id, id, event_at)` was made before, in words that cost one step in an index whatever the planner believes of
// the tables, which it may last have seen empty. As subqueries that give a value: EXISTS, in an OR or negated, may be answered by reading all of
// a table into a hash. And with every column that an index begins with: for a table that seems empty all indexes look alike.
import { sql } from 'kysely';

const isSame = (other: string) =>
  sql`${sql.ref(`${other}.tenant_id`)} = d.tenant_id AND ${sql.ref(`${other}.subscription_id`)} = d.subscription_id
    AND ${sql.ref(`${other}.id`)} = d.id`;

/** It is over: found in the history. */
export const isFinished = sql<boolean>`coalesce((SELECT true FROM webhook_deliveries h
  WHERE ${isSame('h')} AND h.event_at = d.event_at LIMIT 1), false)`;

/** It waits for its turn, or is being sent. */
export const isQueued = sql<boolean>`coalesce((SELECT true FROM webhook_queue q WHERE ${isSame('q')} LIMIT 1), false)`;
