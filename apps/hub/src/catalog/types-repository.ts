import { sql } from 'kysely';
import type { SystemTx, TenantTx } from '../database/database.ts';
import type { IntegrationRecord } from './integration-record.ts';
import { type IntegrationsTable, toRecord } from './integration-repository.ts';

/** A type as last seen by any hub on this database. */
export interface SeenType {
  readonly typeId: string;
  readonly connectorId: string;
  readonly connectorVersion: string;
  /** Whether a loaded connector offers it. */
  readonly present: boolean;
  /** When that last changed; names the change. */
  readonly changedAt: Date;
}

interface SeenTypesTable {
  type_id: string;
  connector_id: string;
  connector_version: string;
  present: boolean;
  applied: boolean;
  changed_at: Date;
}

/** Key of the advisory lock under which replicas compare their types. */
const comparisonLock = 7_301_005;

/**
 * Notes which types are loaded now, and returns every type whose integrations still have to be told of a change, those of an earlier
 * start that did not finish included. A type that was never seen has no integrations.
 */
export async function compareSeenTypes(
  tx: SystemTx,
  loaded: readonly Pick<SeenType, 'typeId' | 'connectorId' | 'connectorVersion'>[],
  now: Date,
): Promise<SeenType[]> {
  await sql`SELECT pg_advisory_xact_lock(${comparisonLock})`.execute(tx.db);
  const ids = loaded.map(({ typeId }) => typeId);
  await sql`
    INSERT INTO catalog_types AS seen (type_id, connector_id, connector_version, present, applied, changed_at)
    SELECT type_id, connector_id, connector_version, true, true, ${now}::timestamptz FROM unnest(
      ${ids}::text[],
      ${loaded.map(({ connectorId }) => connectorId)}::text[],
      ${loaded.map(({ connectorVersion }) => connectorVersion)}::text[]
    ) AS loaded (type_id, connector_id, connector_version)
    ON CONFLICT (type_id) DO UPDATE SET connector_id = excluded.connector_id,
      connector_version = excluded.connector_version, present = true, applied = false, changed_at = excluded.changed_at
    WHERE NOT seen.present OR (seen.connector_id, seen.connector_version) <> (excluded.connector_id, excluded.connector_version)
  `.execute(tx.db);
  await sql`
    UPDATE catalog_types SET present = false, applied = false, changed_at = ${now}
    WHERE present AND NOT type_id = ANY(${ids}::text[])
  `.execute(tx.db);
  const rows = await tx.db
    .withTables<{ catalog_types: SeenTypesTable }>()
    .selectFrom('catalog_types')
    .selectAll()
    .where('applied', '=', false)
    .orderBy('type_id')
    .execute();
  return rows.map((row) => ({
    typeId: row.type_id,
    connectorId: row.connector_id,
    connectorVersion: row.connector_version,
    present: row.present,
    changedAt: row.changed_at,
  }));
}

/** Marks changes as told to all, unless there was a newer one meanwhile. */
export async function markApplied(tx: SystemTx, seen: readonly SeenType[]): Promise<void> {
  await sql`
    UPDATE catalog_types AS type SET applied = true FROM unnest(
      ${seen.map(({ typeId }) => typeId)}::text[],
      ${seen.map(({ changedAt }) => changedAt.toISOString())}::timestamptz[]
    ) AS told (type_id, changed_at)
    WHERE type.type_id = told.type_id AND type.changed_at = told.changed_at
  `.execute(tx.db);
}

/** Tenants that have integrations of these types, in the order of their ids. */
export async function tenantsWithTypes(tx: SystemTx, typeIds: readonly string[]): Promise<string[]> {
  const { rows } = await sql<{ tenant_id: string }>`
    SELECT DISTINCT tenant_id FROM integrations
    WHERE type = ANY(${typeIds}::text[]) AND status <> 'uninstalled' ORDER BY tenant_id
  `.execute(tx.db);
  return rows.map(({ tenant_id }) => tenant_id);
}

/** Integrations in use whose type is gone, or failed for that reason whose type is back: locked, at most `limit`. */
export async function lockAffected(
  tx: TenantTx,
  change: { lost: readonly string[]; returned: readonly string[]; limit: number },
): Promise<IntegrationRecord[]> {
  const rows = await tx.db
    .withTables<{ integrations: IntegrationsTable }>()
    .selectFrom('integrations')
    .selectAll()
    .where('tenant_id', '=', tx.tenantId)
    .where(
      sql<boolean>`(
        (type = ANY(${change.lost}::text[]) AND status IN ('active', 'degraded'))
        OR (type = ANY(${change.returned}::text[]) AND status = 'failed' AND status_reason = 'connector_unavailable')
      )`,
    )
    .orderBy('id')
    .limit(change.limit)
    .forUpdate()
    .execute();
  return rows.map(toRecord);
}
