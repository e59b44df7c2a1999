import { sql } from 'kysely';
import type { SystemTx, TenantTx } from '../../database/database.ts';
import type { BackendClaim, ClaimEnd } from './idempotency-backend.ts';
import { outcomeTtlMs } from './idempotency-store.ts';

export interface NewClaim {
  /** Without the tenant. */
  readonly key: string;
  readonly fingerprint: string;
  readonly safe: boolean;
  readonly leaseMs: number;
  readonly owner: string;
  /** Instead of the server's time; for tests. */
  readonly now: Date | null;
}

interface KeyRow {
  fingerprint: string;
  state: 'running' | 'finished' | 'unkept';
  outcome: string | null;
  is_leased: boolean;
}

const timeOf = (now: Date | null) => sql`coalesce(${now}::timestamptz, clock_timestamp())`;
const after = (ms: number) => sql`make_interval(secs => ${ms / 1_000}::float8)`;

/** Claims a key that is new, that has expired, or whose safe call has died; else says what stands in the way. */
export async function claimKey({ db, tenantId }: TenantTx, claim: NewClaim): Promise<BackendClaim> {
  const { key, fingerprint, safe, leaseMs, owner } = claim;
  const now = timeOf(claim.now);
  for (let tries = 0; tries < 5; tries += 1) {
    const claimed = await sql`
      INSERT INTO idempotency_keys AS k (tenant_id, key, fingerprint, owner, safe, state, lease_until, expires_at)
      VALUES (${tenantId}, ${key}, ${fingerprint}, ${owner}, ${safe}, 'running', ${now} + ${after(leaseMs)},
        ${now} + ${after(leaseMs + outcomeTtlMs)})
      ON CONFLICT (tenant_id, key) DO UPDATE SET
        (fingerprint, owner, safe, state, lease_until, expires_at, outcome) =
        ROW(excluded.fingerprint, excluded.owner, excluded.safe, excluded.state, excluded.lease_until, excluded.expires_at, NULL)
        WHERE k.expires_at <= ${now}
          OR (k.state = 'running' AND k.safe AND k.lease_until <= ${now} AND k.fingerprint = excluded.fingerprint)
      RETURNING 1`.execute(db);
    if (claimed.rows.length === 1) return { state: 'claimed' };

    const { rows } = await sql<KeyRow>`
      SELECT fingerprint, state, outcome, lease_until > ${now} AS is_leased FROM idempotency_keys
      WHERE tenant_id = ${tenantId} AND key = ${key}`.execute(db);
    const [row] = rows;
    // Released in between: it is new again.
    if (row === undefined) continue;
    if (row.fingerprint !== fingerprint) return { state: 'mismatch' };
    if (row.state === 'running') return { state: row.is_leased ? 'running' : 'unknown' };
    return row.outcome === null ? { state: 'unkept' } : { state: 'finished', outcome: row.outcome };
  }
  // Others claim and release it all the time.
  return { state: 'running' };
}

/** Ends a claim, if it is still the owner's. */
export async function endClaim(
  { db, tenantId }: TenantTx,
  { key, owner, now }: Pick<NewClaim, 'key' | 'owner' | 'now'>,
  end: ClaimEnd,
): Promise<void> {
  const mine = sql`tenant_id = ${tenantId} AND key = ${key} AND owner = ${owner} AND state = 'running'`;
  if (end === 'released') {
    await sql`DELETE FROM idempotency_keys WHERE ${mine}`.execute(db);
    return;
  }
  const [state, outcome] = end === 'unkept' ? [end, null] : ['finished', end.outcome];
  await sql`
    UPDATE idempotency_keys SET state = ${state}, outcome = ${outcome}, expires_at = ${timeOf(now)} + ${after(outcomeTtlMs)}
    WHERE ${mine}`.execute(db);
}

export async function isKeyRunning(
  { db, tenantId }: TenantTx,
  { key, now }: Pick<NewClaim, 'key' | 'now'>,
): Promise<boolean> {
  const { rows } = await sql`
    SELECT 1 FROM idempotency_keys
    WHERE tenant_id = ${tenantId} AND key = ${key} AND state = 'running' AND lease_until > ${timeOf(now)}`.execute(db);
  return rows.length === 1;
}

/** Removes what has expired, of all tenants, `limit` at most. @returns how many. */
export async function deleteExpiredKeys({ db }: SystemTx, limit: number): Promise<number> {
  const { rows } = await sql`
    DELETE FROM idempotency_keys WHERE (tenant_id, key) IN (
      SELECT tenant_id, key FROM idempotency_keys WHERE expires_at <= statement_timestamp() ORDER BY expires_at LIMIT ${limit})
    RETURNING 1`.execute(db);
  return rows.length;
}
