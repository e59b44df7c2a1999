import { sql } from 'kysely';
import type { SystemTx } from './tenant-scope.ts';

export interface RetentionRow {
  readonly kind: string;
  readonly keepDays: number | null;
  readonly changedAt: Date;
  readonly changedBy: string;
}

export async function selectRetention(tx: SystemTx): Promise<readonly RetentionRow[]> {
  const { rows } = await sql<RetentionRow>`
    SELECT kind, keep_days AS "keepDays", changed_at AS "changedAt", changed_by AS "changedBy" FROM inthub.retention_settings`.execute(
    tx.db,
  );
  return rows;
}

export async function upsertRetention(
  tx: SystemTx,
  { kind, keepDays, changedAt, changedBy }: RetentionRow,
): Promise<void> {
  await sql`
    INSERT INTO inthub.retention_settings (kind, keep_days, changed_at, changed_by)
    VALUES (${kind}, ${keepDays}, ${changedAt}, ${changedBy})
    ON CONFLICT (kind) DO UPDATE SET keep_days = excluded.keep_days, changed_at = excluded.changed_at,
      changed_by = excluded.changed_by`.execute(tx.db);
}
