import { sql } from 'kysely';
import type { SystemTx, TenantTx } from '../database/database.ts';

export const expiryKinds = [
  'credential',
  'app_key',
  'client_certificate',
  'webhook_secret',
  'tls_certificate',
] as const;
export type ExpiryKind = (typeof expiryKinds)[number];

export interface ExpiryRow {
  readonly tenantId: string;
  readonly kind: ExpiryKind;
  readonly subjectId: string;
  readonly integrationId: string;
  readonly connectorId: string;
  readonly expiresAt: Date;
  /** Days of the last warning; null before the first. */
  readonly warnedDays: number | null;
}

const columns = sql`tenant_id AS "tenantId", kind, subject_id AS "subjectId", integration_id AS "integrationId",
  connector_id AS "connectorId", expires_at AS "expiresAt", warned_days AS "warnedDays"`;

/** Soonest first, behind `after`. */
export async function selectExpiries(
  tx: TenantTx,
  query: {
    readonly before?: Date;
    readonly integrationId?: string;
    readonly after?: { readonly expiresAt: Date; readonly kind: string; readonly subjectId: string };
    readonly limit: number;
  },
): Promise<readonly ExpiryRow[]> {
  const { before, integrationId, after, limit } = query;
  const { rows } = await sql<ExpiryRow>`
    SELECT ${columns} FROM inthub.expiries WHERE tenant_id = ${tx.tenantId}
      AND ${before === undefined ? sql`true` : sql`expires_at < ${before}`}
      AND ${integrationId === undefined ? sql`true` : sql`integration_id = ${integrationId}`}
      AND ${after === undefined ? sql`true` : sql`(expires_at, kind, subject_id) > (${after.expiresAt}::timestamptz, ${after.kind}, ${after.subjectId}::uuid)`}
    ORDER BY expires_at, kind, subject_id LIMIT ${limit}`.execute(tx.db);
  return rows;
}

/** Those for which a warning is due, of all tenants. */
export async function selectUnwarned(tx: SystemTx, now: Date, limit: number): Promise<readonly ExpiryRow[]> {
  const { rows } = await sql<ExpiryRow>`
    SELECT ${columns} FROM inthub.expiries,
      LATERAL (SELECT CASE WHEN expires_at <= ${now}::timestamptz THEN 0
        WHEN expires_at <= ${now}::timestamptz + interval '1 day' THEN 1
        WHEN expires_at <= ${now}::timestamptz + interval '7 days' THEN 7 ELSE 30 END AS days) due
    WHERE expires_at <= ${now}::timestamptz + interval '30 days' AND (warned_days IS NULL OR warned_days > due.days)
    ORDER BY expires_at LIMIT ${limit}`.execute(tx.db);
  return rows;
}

/** @returns false when another replica was faster, or the time has changed */
export async function markWarned(tx: TenantTx, row: ExpiryRow, days: number): Promise<boolean> {
  const { rows } = await sql<{ kind: string }>`
    UPDATE inthub.expiries SET warned_days = ${days}
    WHERE tenant_id = ${tx.tenantId} AND kind = ${row.kind} AND subject_id = ${row.subjectId} AND expires_at = ${row.expiresAt}
      AND (warned_days IS NULL OR warned_days > ${days}) RETURNING kind`.execute(tx.db);
  return rows.length === 1;
}

export async function deleteExpiry(tx: TenantTx, row: Pick<ExpiryRow, 'kind' | 'subjectId'>): Promise<void> {
  await sql`DELETE FROM inthub.expiries
    WHERE tenant_id = ${tx.tenantId} AND kind = ${row.kind} AND subject_id = ${row.subjectId}`.execute(tx.db);
}

/** As the trigger on the doctor's reports does it; null forgets what was noted. */
export async function noteCertificate(
  tx: TenantTx,
  seen: { readonly integrationId: string; readonly connectorId: string; readonly expiresAt: Date | null },
): Promise<void> {
  const { integrationId, connectorId, expiresAt } = seen;
  if (expiresAt === null) return deleteExpiry(tx, { kind: 'tls_certificate', subjectId: integrationId });
  await sql`SELECT inthub.note_expiry(${tx.tenantId}, 'tls_certificate', ${integrationId}, ${integrationId}, ${connectorId},
    ${expiresAt}::timestamptz)`.execute(tx.db);
}

/**
 * What a credential that an integration only refers to tells of its end; null: nothing. Its subject is the integration, since it has no row of
 * its own; another reference forgets it.
 */
export async function noteReferencedEnd(
  tx: TenantTx,
  seen: {
    readonly integrationId: string;
    readonly kind: 'credential' | 'client_certificate';
    readonly expiresAt: Date | null;
  },
): Promise<void> {
  const { integrationId, kind, expiresAt } = seen;
  await sql`SELECT inthub.note_referenced_expiry(${tx.tenantId}, ${integrationId}, ${kind}, ${expiresAt}::timestamptz)`.execute(
    tx.db,
  );
}

/** The next expiry of each tenant and connector. */
export async function selectSoonest(
  tx: SystemTx,
): Promise<readonly { readonly tenantId: string; readonly connectorId: string; readonly expiresAt: Date }[]> {
  const { rows } = await sql<{ tenantId: string; connectorId: string; expiresAt: Date }>`
    SELECT tenant_id AS "tenantId", connector_id AS "connectorId", min(expires_at) AS "expiresAt" FROM inthub.expiries
    GROUP BY tenant_id, connector_id ORDER BY min(expires_at) LIMIT 10000`.execute(tx.db);
  return rows;
}
