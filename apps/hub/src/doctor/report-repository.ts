import type { DoctorCheckResult, DoctorReport } from '@inthub/contracts';
import { sql } from 'kysely';
import type { TenantTx } from '../database/database.ts';

interface ReportsTable {
  tenant_id: string;
  id: string;
  integration_id: string;
  generated_at: Date;
  overall_status: DoctorReport['overallStatus'];
  checks: DoctorCheckResult[];
}

/** Where a page ended. */
export interface ReportPosition {
  readonly generatedAt: Date;
  readonly id: string;
}

const tablesOf = (tx: TenantTx) => tx.db.withTables<{ doctor_reports: ReportsTable }>();

export async function insertReport(tx: TenantTx, report: DoctorReport): Promise<void> {
  await tablesOf(tx)
    .insertInto('doctor_reports')
    .values({
      tenant_id: tx.tenantId,
      id: report.id,
      integration_id: report.integrationId,
      generated_at: new Date(report.generatedAt),
      overall_status: report.overallStatus,
      // As text: the driver would write a JSON array as a PostgreSQL array.
      checks: sql`${JSON.stringify(report.checks)}::jsonb`,
    })
    .execute();
}

/** Deletes all of an integration's reports but the newest `keep`. */
export async function deleteOldReports(tx: TenantTx, integrationId: string, keep: number): Promise<void> {
  await sql`
    DELETE FROM doctor_reports WHERE tenant_id = ${tx.tenantId} AND integration_id = ${integrationId}
      AND (generated_at, id) <= (
        SELECT generated_at, id FROM doctor_reports
        WHERE tenant_id = ${tx.tenantId} AND integration_id = ${integrationId}
        ORDER BY generated_at DESC, id DESC OFFSET ${keep} LIMIT 1)
  `.execute(tx.db);
}

/** Newest first, after `after`. */
export async function selectReports(
  tx: TenantTx,
  integrationId: string,
  { after, limit }: { after?: ReportPosition; limit: number },
): Promise<DoctorReport[]> {
  let select = tablesOf(tx)
    .selectFrom('doctor_reports')
    .selectAll()
    .where('tenant_id', '=', tx.tenantId)
    .where('integration_id', '=', integrationId)
    .orderBy('generated_at', 'desc')
    .orderBy('id', 'desc')
    .limit(limit);
  if (after !== undefined) {
    select = select.where(sql<boolean>`(generated_at, id) < (${after.generatedAt}::timestamptz, ${after.id}::uuid)`);
  }
  const rows = await select.execute();
  return rows.map((row) => ({
    id: row.id,
    integrationId: row.integration_id,
    overallStatus: row.overall_status,
    checks: row.checks,
    generatedAt: row.generated_at.toISOString(),
  }));
}
