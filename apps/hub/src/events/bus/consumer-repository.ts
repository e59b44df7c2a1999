import { sql } from 'kysely';
import { isPresent, type SystemTx } from '../../database/database.ts';
import type { ConsumerStatus } from '../bus.ts';
import { type LogPosition, logStart, selectHorizon } from './log-repository.ts';

export interface ConsumerRow {
  readonly name: string;
  readonly pattern: string;
  readonly ordered: boolean;
  readonly from: 'now' | 'beginning';
}

/** Made where it is new; another pattern or order replaces the old. Returns its position. */
export async function upsertConsumer(
  tx: SystemTx,
  { name, pattern, ordered, from }: ConsumerRow,
): Promise<LogPosition> {
  const start = from === 'beginning' ? logStart : await selectHorizon(tx);
  const { rows } = await sql<{ xact_id: string; seq: string }>`
    INSERT INTO inthub.bus_consumers (name, pattern, ordered, xact_id, seq)
    VALUES (${name}, ${pattern}, ${ordered}, ${start.xactId}::xid8, ${start.seq}::bigint)
    ON CONFLICT (name) DO UPDATE SET pattern = excluded.pattern, ordered = excluded.ordered
    RETURNING xact_id::text, seq::text`.execute(tx.db);
  return { xactId: rows[0]?.xact_id ?? start.xactId, seq: rows[0]?.seq ?? start.seq };
}

interface LeaseRef {
  readonly name: string;
  readonly leaseId: string;
}

export interface LeaseClaim extends LeaseRef {
  readonly presence: number;
  readonly leaseMs: number;
}

export interface ClaimedConsumer {
  readonly position: LogPosition;
  /** How often in a row its process has ended without giving the lease back. */
  readonly uncleanStops: number;
}

/** The consumer's place, when its lease was free, has run out, or belonged to a process that is dead; else null. */
export async function claimLease(tx: SystemTx, claim: LeaseClaim): Promise<ClaimedConsumer | null> {
  const { rows } = await sql<{ xact_id: string; seq: string; unclean_stops: number }>`
    UPDATE inthub.bus_consumers SET lease_id = ${claim.leaseId}, holder = ${claim.presence},
      unclean_stops = CASE WHEN lease_id IS NULL THEN 0 ELSE least(unclean_stops + 1, 1000) END,
      lease_until = clock_timestamp() + ${claim.leaseMs} * interval '1 millisecond'
    WHERE name = ${claim.name} AND (lease_id IS NULL OR lease_until < clock_timestamp() OR NOT ${isHolderAlive})
    RETURNING xact_id::text, seq::text, unclean_stops`.execute(tx.db);
  const [row] = rows;
  return row === undefined
    ? null
    : { position: { xactId: row.xact_id, seq: row.seq }, uncleanStops: row.unclean_stops };
}

/** What came after the last unclean stop was gone through. */
export async function forgetUncleanStops(tx: SystemTx, { name, leaseId }: LeaseRef): Promise<void> {
  await sql`UPDATE inthub.bus_consumers SET unclean_stops = 0 WHERE name = ${name} AND lease_id = ${leaseId}`.execute(
    tx.db,
  );
}

const isHolderAlive = isPresent(sql`holder`);

/** Keeps the lease, and moves the position where one is given. @returns false when the lease is another's by now */
export async function renewLease(
  tx: SystemTx,
  {
    name,
    leaseId,
    leaseMs,
    position,
    isRelaxed,
  }: Omit<LeaseClaim, 'presence'> & {
    readonly position: LogPosition | null;
    /** The commit need not wait for the disk: what is lost with a crash are at most some repetitions. */
    readonly isRelaxed: boolean;
  },
): Promise<boolean> {
  // The setting counts at the commit, whenever in the statement it is made.
  const relaxed = isRelaxed ? sql`set_config('synchronous_commit', 'off', true)` : sql`NULL`;
  const { rows } = await sql<{ name: string }>`
    UPDATE inthub.bus_consumers SET lease_until = clock_timestamp() + ${leaseMs} * interval '1 millisecond',
      xact_id = COALESCE(${position?.xactId ?? null}::xid8, xact_id), seq = COALESCE(${position?.seq ?? null}::bigint, seq)
    WHERE name = ${name} AND lease_id = ${leaseId} RETURNING name, ${relaxed} AS relaxed`.execute(tx.db);
  return rows.length === 1;
}

export async function releaseLease(tx: SystemTx, { name, leaseId }: LeaseRef): Promise<void> {
  await sql`UPDATE inthub.bus_consumers SET lease_id = NULL, lease_until = NULL, holder = NULL
    WHERE name = ${name} AND lease_id = ${leaseId}`.execute(tx.db);
}

interface StatusRow {
  name: string;
  pattern: string;
  ordered: boolean;
  served: boolean;
  behind: number;
  retrying: number;
  parked: number;
  dead_letters: number;
}

export async function selectConsumers(tx: SystemTx): Promise<readonly ConsumerStatus[]> {
  const { rows } = await sql<StatusRow>`
    SELECT c.name, c.pattern, c.ordered,
      (c.lease_id IS NOT NULL AND c.lease_until > clock_timestamp() AND ${isHolderAlive}) AS served,
      (SELECT count(*)::int FROM (SELECT FROM inthub.events e WHERE (e.xact_id, e.seq) > (c.xact_id, c.seq) LIMIT 10000) b) AS behind,
      (SELECT count(*)::int FROM inthub.bus_redeliveries r WHERE r.consumer = c.name AND r.due_at < 'infinity') AS retrying,
      (SELECT count(*)::int FROM inthub.bus_redeliveries r WHERE r.consumer = c.name AND r.due_at = 'infinity') AS parked,
      (SELECT count(*)::int FROM inthub.dead_letters d WHERE d.consumer = c.name) AS dead_letters
    FROM inthub.bus_consumers c ORDER BY c.name`.execute(tx.db);
  return rows.map(({ dead_letters, ...row }) => ({ ...row, deadLetters: dead_letters }));
}

/** 32 hexadecimal digits that tell this database from others on one NATS server. */
export async function readIdentity(tx: SystemTx): Promise<string> {
  await sql`INSERT INTO inthub.bus_identity DEFAULT VALUES ON CONFLICT DO NOTHING`.execute(tx.db);
  const { rows } = await sql<{ name: string }>`SELECT name FROM inthub.bus_identity`.execute(tx.db);
  return rows[0]?.name ?? '';
}
