import type { TenantId, WebhookKey } from '@inthub/contracts';
import { sql } from 'kysely';
import type { TenantTx } from '../../database/database.ts';
import type {
  DisabledReason,
  EndpointRecord,
  SubscriptionRecord,
  SubscriptionSettings,
} from './subscription-record.ts';

interface SubscriptionRow {
  tenant_id: string;
  id: string;
  name: string;
  settings: SubscriptionSettings;
  revision: number;
  version: number;
  active: boolean;
  disabled_reason: DisabledReason | null;
  disabled_at: Date | null;
  keys: readonly WebhookKey[];
  created_at: Date;
  created_by: string;
  modified_at: Date;
  modified_by: string;
}
interface EndpointRow {
  tenant_id: string;
  subscription_id: string;
  failing: boolean;
  consecutive_failures: number;
  openings: number;
  blocked_until: Date | null;
  slices: unknown;
  total_deliveries: string;
  total_failures: string;
  last_delivery_at: Date | null;
  last_success_at: Date | null;
  last_error: string | null;
}
type Tables = {
  webhook_subscriptions: SubscriptionRow;
  webhook_endpoints: EndpointRow;
  webhook_revisions: { tenant_id: string; subscription_id: string };
  webhook_pacing: { tenant_id: string; subscription_id: string };
  webhook_queue: { tenant_id: string; subscription_id: string };
};

const tables = (tx: TenantTx) => tx.db.withTables<Tables>();
const json = (value: unknown) => sql<never>`${JSON.stringify(value)}::jsonb`;

export async function insertSubscription(tx: TenantTx, record: SubscriptionRecord): Promise<void> {
  const now = record.createdAt;
  await sql`
    INSERT INTO webhook_subscriptions (tenant_id, id, name, settings, revision, version, active, disabled_reason, disabled_at, keys,
      created_at, created_by, modified_at, modified_by)
    VALUES (${tx.tenantId}, ${record.id}, ${record.name}, ${json(record.settings)}, ${record.revision}, ${record.version},
      ${record.active}, ${record.disabledReason}, ${record.disabledAt}, ${json(record.keys)}, ${now}, ${record.createdBy},
      ${now}, ${record.modifiedBy})`.execute(tx.db);
  await sql`INSERT INTO webhook_endpoints (tenant_id, subscription_id) VALUES (${tx.tenantId}, ${record.id})`.execute(
    tx.db,
  );
  await sql`
    INSERT INTO webhook_pacing (tenant_id, subscription_id, refilled_at) VALUES (${tx.tenantId}, ${record.id}, ${now})
  `.execute(tx.db);
  await insertRevision(tx, record);
}

export async function updateSubscription(tx: TenantTx, record: SubscriptionRecord): Promise<void> {
  await sql`
    UPDATE webhook_subscriptions SET name = ${record.name}, settings = ${json(record.settings)}, revision = ${record.revision},
      version = ${record.version}, active = ${record.active}, disabled_reason = ${record.disabledReason},
      disabled_at = ${record.disabledAt}, keys = ${json(record.keys)}, modified_at = ${record.modifiedAt},
      modified_by = ${record.modifiedBy}
    WHERE tenant_id = ${tx.tenantId} AND id = ${record.id}`.execute(tx.db);
}

/** Keeps the settings of the present revision, and of those that queued deliveries still need. */
export async function insertRevision(tx: TenantTx, record: SubscriptionRecord): Promise<void> {
  await sql`
    INSERT INTO webhook_revisions (tenant_id, subscription_id, revision, settings, created_at)
    VALUES (${tx.tenantId}, ${record.id}, ${record.revision}, ${json(record.settings)}, ${record.modifiedAt})`.execute(
    tx.db,
  );
}

/** Revisions that are neither the present one nor needed by a queued delivery go; the ones that stay are returned. */
export async function pruneRevisions(tx: TenantTx, id: string): Promise<readonly number[]> {
  const { rows } = await sql<{ revision: number }>`
    WITH needed AS (
      SELECT DISTINCT revision FROM webhook_queue WHERE tenant_id = ${tx.tenantId} AND subscription_id = ${id}
      UNION SELECT revision FROM webhook_subscriptions WHERE tenant_id = ${tx.tenantId} AND id = ${id}
    ), gone AS (
      DELETE FROM webhook_revisions WHERE tenant_id = ${tx.tenantId} AND subscription_id = ${id}
        AND revision NOT IN (SELECT revision FROM needed)
    )
    SELECT revision FROM needed`.execute(tx.db);
  return rows.map(({ revision }) => revision);
}

export async function findSubscription(
  tx: TenantTx,
  id: string,
  options: { forUpdate?: boolean } = {},
): Promise<SubscriptionRecord | undefined> {
  const query = tables(tx)
    .selectFrom('webhook_subscriptions')
    .selectAll()
    .where('tenant_id', '=', tx.tenantId)
    .where('id', '=', id);
  const row = await (options.forUpdate === true ? query.forUpdate() : query).executeTakeFirst();
  return row && toRecord(row);
}

/** Newest first, after `afterId`. */
export async function selectSubscriptions(
  tx: TenantTx,
  { afterId, active, limit }: { afterId?: string; active?: boolean; limit: number },
): Promise<readonly SubscriptionRecord[]> {
  let query = tables(tx)
    .selectFrom('webhook_subscriptions')
    .selectAll()
    .where('tenant_id', '=', tx.tenantId)
    .orderBy('id', 'desc')
    .limit(limit);
  if (afterId !== undefined) query = query.where('id', '<', afterId);
  if (active !== undefined) query = query.where('active', '=', active);
  return (await query.execute()).map(toRecord);
}

export async function findEndpoints(
  tx: TenantTx,
  ids: readonly string[],
): Promise<ReadonlyMap<string, EndpointRecord>> {
  if (ids.length === 0) return new Map();
  const rows = await tables(tx)
    .selectFrom('webhook_endpoints')
    .selectAll()
    .where('tenant_id', '=', tx.tenantId)
    .where('subscription_id', 'in', [...ids])
    .execute();
  return new Map(
    rows.map((row) => [
      row.subscription_id,
      {
        failing: row.failing,
        consecutiveFailures: row.consecutive_failures,
        blockedUntil: row.blocked_until,
        totalDeliveries: Number(row.total_deliveries),
        totalFailures: Number(row.total_failures),
        lastDeliveryAt: row.last_delivery_at,
        lastSuccessAt: row.last_success_at,
        lastError: row.last_error,
      },
    ]),
  );
}

/** A fresh start after a person has switched it on again. */
export async function resetEndpoint(tx: TenantTx, id: string): Promise<void> {
  await sql`
    UPDATE webhook_endpoints SET failing = false, consecutive_failures = 0, openings = 0, blocked_until = NULL, slices = '[]'
    WHERE tenant_id = ${tx.tenantId} AND subscription_id = ${id}`.execute(tx.db);
}

/**
 * With all that waits; what was delivered stays in the history. The queue comes after pacing and endpoint, as where workers claim and write
 * outcomes: the other way round, each could hold what the other waits for.
 */
export async function deleteSubscription(tx: TenantTx, id: string): Promise<number> {
  const here = (column: string) => sql`tenant_id = ${tx.tenantId} AND ${sql.ref(column)} = ${id}`;
  await sql`DELETE FROM webhook_pacing WHERE ${here('subscription_id')}`.execute(tx.db);
  await sql`DELETE FROM webhook_endpoints WHERE ${here('subscription_id')}`.execute(tx.db);
  const queued = await sql`DELETE FROM webhook_queue WHERE ${here('subscription_id')}`.execute(tx.db);
  await sql`DELETE FROM webhook_revisions WHERE ${here('subscription_id')}`.execute(tx.db);
  await sql`DELETE FROM webhook_subscriptions WHERE ${here('id')}`.execute(tx.db);
  return Number(queued.numAffectedRows ?? 0n);
}

export async function countSubscriptions(tx: TenantTx): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    SELECT count(*)::int AS count FROM webhook_subscriptions WHERE tenant_id = ${tx.tenantId}`.execute(tx.db);
  return rows[0]?.count ?? 0;
}

/** Workers look at this before they match: see enqueue.ts. */
export async function bumpGeneration(tx: TenantTx): Promise<void> {
  await sql`
    INSERT INTO webhook_generations AS g (tenant_id, generation) VALUES (${tx.tenantId}, 1)
    ON CONFLICT (tenant_id) DO UPDATE SET generation = g.generation + 1`.execute(tx.db);
}

function toRecord(row: SubscriptionRow): SubscriptionRecord {
  return {
    tenantId: row.tenant_id as TenantId,
    id: row.id,
    name: row.name,
    settings: row.settings,
    revision: row.revision,
    version: row.version,
    active: row.active,
    disabledReason: row.disabled_reason,
    disabledAt: row.disabled_at,
    keys: row.keys,
    createdAt: row.created_at,
    createdBy: row.created_by,
    modifiedAt: row.modified_at,
    modifiedBy: row.modified_by,
  };
}
