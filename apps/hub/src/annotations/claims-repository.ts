import { sql } from 'kysely';
import type { TenantTx } from '../database/database.ts';

export interface ClaimRow {
  readonly integrationId: string;
  /** 32 bytes. */
  readonly place: Uint8Array;
  readonly owner: string;
  readonly leaseMs: number;
}

// The server's clock: those of replicas differ.
const leaseEnd = (leaseMs: number) => sql`clock_timestamp() + make_interval(secs => ${leaseMs / 1_000}::float8)`;

/** @returns whether it is the owner's now: nobody had it, or who had it has died. */
export async function claimPlace(tx: TenantTx, { integrationId, place, owner, leaseMs }: ClaimRow): Promise<boolean> {
  const { rows } = await sql`
    INSERT INTO annotation_claims AS c (tenant_id, integration_id, place, owner, lease_until)
    VALUES (${tx.tenantId}, ${integrationId}, ${place}, ${owner}, ${leaseEnd(leaseMs)})
    ON CONFLICT (tenant_id, integration_id, place) DO UPDATE SET owner = excluded.owner, lease_until = excluded.lease_until
      WHERE c.lease_until <= clock_timestamp()
    RETURNING 1`.execute(tx.db);
  return rows.length === 1;
}

/** @returns false when it is another's by now. */
export async function prolongClaim(tx: TenantTx, { integrationId, place, owner, leaseMs }: ClaimRow): Promise<boolean> {
  const { rows } = await sql`
    UPDATE annotation_claims SET lease_until = ${leaseEnd(leaseMs)}
    WHERE tenant_id = ${tx.tenantId} AND integration_id = ${integrationId} AND place = ${place} AND owner = ${owner}
    RETURNING 1`.execute(tx.db);
  return rows.length === 1;
}

/** Ends the owner's claim, and takes away some that the dead have left. */
export async function endClaim(tx: TenantTx, { integrationId, place, owner }: ClaimRow): Promise<void> {
  await sql`
    DELETE FROM annotation_claims
    WHERE tenant_id = ${tx.tenantId} AND integration_id = ${integrationId} AND place = ${place} AND owner = ${owner}`.execute(
    tx.db,
  );
  // Skipped where somebody takes one over just now: two of these would otherwise wait for one another.
  await sql`
    DELETE FROM annotation_claims WHERE tenant_id = ${tx.tenantId} AND integration_id = ${integrationId} AND place IN (
      SELECT place FROM annotation_claims
      WHERE tenant_id = ${tx.tenantId} AND integration_id = ${integrationId} AND lease_until < clock_timestamp() - interval '1 hour'
      LIMIT 100 FOR UPDATE SKIP LOCKED)`.execute(tx.db);
}
