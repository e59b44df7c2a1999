import { sql } from 'kysely';
import type { TenantTx } from '../database/database.ts';
import type { StoredHead } from './audit-repository.ts';

interface CutRow {
  seq: string | number;
  hash: Buffer;
  mac: Buffer;
}

/** Where the chain begins since its oldest entries were dropped. */
export async function selectCut(tx: TenantTx): Promise<StoredHead | undefined> {
  const { rows } = await sql<CutRow>`SELECT seq, hash, mac FROM audit_cuts WHERE tenant_id = ${tx.tenantId}`.execute(
    tx.db,
  );
  const [row] = rows;
  return row && { ...row, seq: Number(row.seq) };
}

export async function upsertCut(tx: TenantTx, cut: StoredHead, now: Date): Promise<void> {
  await sql`
    INSERT INTO audit_cuts (tenant_id, seq, hash, mac, cut_at) VALUES (${tx.tenantId}, ${cut.seq}, ${cut.hash}, ${cut.mac}, ${now})
    ON CONFLICT (tenant_id) DO UPDATE SET seq = excluded.seq, hash = excluded.hash, mac = excluded.mac, cut_at = excluded.cut_at`.execute(
    tx.db,
  );
}

/** The newest entry from before `before`. */
export async function selectLastBefore(
  tx: TenantTx,
  before: Date,
): Promise<{ readonly seq: number; readonly hash: Buffer } | undefined> {
  const { rows } = await sql<CutRow>`
    SELECT seq, hash FROM audit_entries WHERE tenant_id = ${tx.tenantId} AND at < ${before} ORDER BY seq DESC LIMIT 1`.execute(
    tx.db,
  );
  const [row] = rows;
  return row && { seq: Number(row.seq), hash: row.hash };
}

/** Gives the cut another seal. */
export async function setCutMac(tx: TenantTx, mac: Buffer): Promise<void> {
  await sql`UPDATE audit_cuts SET mac = ${mac} WHERE tenant_id = ${tx.tenantId}`.execute(tx.db);
}
