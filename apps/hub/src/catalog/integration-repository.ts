import type { Integration, IntegrationConfig, RateLimits } from '@inthub/contracts';
import { type RawBuilder, sql } from 'kysely';
import { isUniqueViolation, type TenantTx } from '../database/database.ts';
import { changedFields, type IntegrationRecord } from './integration-record.ts';

export interface IntegrationsTable {
  tenant_id: string;
  id: string;
  type: string;
  category: IntegrationRecord['category'];
  connector_id: string;
  connector_version: string;
  name: string;
  description: string | null;
  config: IntegrationConfig;
  auth_ref: string | null;
  credential_kind: IntegrationRecord['credentialKind'];
  environment: string | null;
  tags: string[];
  owner_id: string | null;
  status: IntegrationRecord['status'];
  status_reason: IntegrationRecord['statusReason'];
  pause_reason: string | null;
  pause_ticket: string | null;
  approved_by: string | null;
  health: IntegrationRecord['health'];
  last_tested_at: Date | null;
  last_test_success: boolean | null;
  last_error: string | null;
  consecutive_failures: number;
  features: Integration['features'];
  rate_limits: RateLimits;
  created_at: Date;
  created_by: string;
  modified_at: Date;
  modified_by: string;
  version: number;
}

const columnOf = {
  id: 'id',
  tenantId: 'tenant_id',
  type: 'type',
  category: 'category',
  connectorId: 'connector_id',
  connectorVersion: 'connector_version',
  name: 'name',
  description: 'description',
  config: 'config',
  authRef: 'auth_ref',
  credentialKind: 'credential_kind',
  environment: 'environment',
  tags: 'tags',
  ownerId: 'owner_id',
  status: 'status',
  statusReason: 'status_reason',
  pauseReason: 'pause_reason',
  pauseTicket: 'pause_ticket',
  approvedBy: 'approved_by',
  health: 'health',
  lastTestedAt: 'last_tested_at',
  lastTestSuccess: 'last_test_success',
  lastError: 'last_error',
  consecutiveFailures: 'consecutive_failures',
  features: 'features',
  rateLimits: 'rate_limits',
  createdAt: 'created_at',
  createdBy: 'created_by',
  modifiedAt: 'modified_at',
  modifiedBy: 'modified_by',
  version: 'version',
} as const satisfies Record<keyof IntegrationRecord, keyof IntegrationsTable>;

const fields = Object.keys(columnOf) as (keyof IntegrationRecord)[];
const jsonFields: ReadonlySet<keyof IntegrationRecord> = new Set(['config', 'features', 'rateLimits']);

const tablesOf = (tx: TenantTx) => tx.db.withTables<{ integrations: IntegrationsTable }>();

/** False when another integration of the tenant has the name. */
export async function insertIntegration(tx: TenantTx, record: IntegrationRecord): Promise<boolean> {
  const inserted = await tablesOf(tx)
    .insertInto('integrations')
    .values(toRow(record, fields) as IntegrationsTable)
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return Number(inserted.numInsertedOrUpdatedRows ?? 0) === 1;
}

/** An integration that is not uninstalled. */
export async function findIntegration(tx: TenantTx, id: string): Promise<IntegrationRecord | undefined> {
  const row = await byId(tx, id).executeTakeFirst();
  return row && toRecord(row);
}

/** The one of this name that is not uninstalled. */
export async function findIntegrationByName(tx: TenantTx, name: string): Promise<IntegrationRecord | undefined> {
  const row = await tablesOf(tx)
    .selectFrom('integrations')
    .selectAll()
    .where('tenant_id', '=', tx.tenantId)
    .where('name', '=', name)
    .where('status', '<>', 'uninstalled')
    .executeTakeFirst();
  return row && toRecord(row);
}

/** The same, locked until the transaction ends. */
export async function lockIntegration(tx: TenantTx, id: string): Promise<IntegrationRecord | undefined> {
  const row = await byId(tx, id).forUpdate().executeTakeFirst();
  return row && toRecord(row);
}

/**
 * Writes what differs, if the row still has the version of `before`.
 * `name_taken`: another integration has the new name; the transaction is then good for nothing but a rollback.
 */
export async function updateIntegration(
  tx: TenantTx,
  before: IntegrationRecord,
  after: IntegrationRecord,
): Promise<'updated' | 'stale' | 'name_taken'> {
  const changed = changedFields(before, after);
  if (changed.length === 0) return 'updated';
  try {
    const updated = await tablesOf(tx)
      .updateTable('integrations')
      .set(toRow(after, changed))
      .where('tenant_id', '=', tx.tenantId)
      .where('id', '=', before.id)
      .where('version', '=', before.version)
      .executeTakeFirst();
    return Number(updated.numUpdatedRows) === 1 ? 'updated' : 'stale';
  } catch (error) {
    if (isUniqueViolation(error, 'integrations_name')) return 'name_taken';
    throw error;
  }
}

function byId(tx: TenantTx, id: string) {
  return tablesOf(tx)
    .selectFrom('integrations')
    .selectAll()
    .where('tenant_id', '=', tx.tenantId)
    .where('id', '=', id)
    .where('status', '<>', 'uninstalled');
}

type WritableRow = {
  [Column in keyof IntegrationsTable]?: IntegrationsTable[Column] | RawBuilder<IntegrationsTable[Column]>;
};

function toRow(record: IntegrationRecord, wanted: readonly (keyof IntegrationRecord)[]): WritableRow {
  return Object.fromEntries(
    wanted.map((field) => {
      const value = record[field];
      // As text: the driver would write a JSON array as a PostgreSQL array.
      return [columnOf[field], jsonFields.has(field) ? sql`${JSON.stringify(value)}::jsonb` : value];
    }),
  );
}

export function toRecord(row: IntegrationsTable): IntegrationRecord {
  return Object.fromEntries(fields.map((field) => [field, row[columnOf[field]]])) as unknown as IntegrationRecord;
}
