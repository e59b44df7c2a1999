import { type RawBuilder, sql } from 'kysely';

/** First key of the advisory locks by which processes show that they live (see `Listener.presence`); nobody else's. */
export const presenceSpace = 0x1a5b05;

/**
 * Whether the process with this presence lives, as far as the database can see: also false for a moment after its listening connection was lost,
 * and true until the server notices that a whole machine is gone.
 */
export function isPresent(presence: RawBuilder<unknown>): RawBuilder<boolean> {
  return sql`EXISTS (SELECT FROM pg_locks l WHERE l.locktype = 'advisory'
    AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND l.classid::bigint = ${presenceSpace} AND l.objid::bigint = ${presence} AND l.granted)`;
}
