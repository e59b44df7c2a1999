import { sql } from 'kysely';
import type { TenantTx } from '../../database/database.ts';
import type { SubscriptionSettings } from './subscription-record.ts';

/** Settings of a revision that deliveries are pinned to. */
export async function findRevision(
  tx: TenantTx,
  subscriptionId: string,
  revision: number,
): Promise<SubscriptionSettings | undefined> {
  const { rows } = await sql<{ settings: SubscriptionSettings }>`
    SELECT settings FROM webhook_revisions
    WHERE tenant_id = ${tx.tenantId} AND subscription_id = ${subscriptionId} AND revision = ${revision}`.execute(tx.db);
  return rows[0]?.settings;
}
