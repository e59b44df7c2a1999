import { sql } from 'kysely';
import type { SystemTx } from './tenant-scope.ts';

/** Partitions for this month and the months ahead; returns how many were made. */
export async function createMonthPartitions(tx: SystemTx, table: string, monthsAhead: number): Promise<number> {
  const { rows } = await sql<{
    made: number;
  }>`SELECT inthub.create_month_partitions(${table}, ${monthsAhead}::integer) AS made`.execute(tx.db);
  return rows[0]?.made ?? 0;
}

/** Drops partitions that hold nothing as young as `olderThan`; returns how many. */
export async function dropMonthPartitions(tx: SystemTx, table: string, olderThan: Date): Promise<number> {
  const { rows } = await sql<{
    dropped: number;
  }>`SELECT inthub.drop_month_partitions(${table}, ${olderThan}) AS dropped`.execute(tx.db);
  return rows[0]?.dropped ?? 0;
}
