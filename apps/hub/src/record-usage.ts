import type { TenantId } from '@inthub/contracts';
import type { Catalog } from './catalog/catalog.ts';
import type { UsageDelta } from './gateway/gateway.ts';

/** What the gateway counted, into the catalog's counters: one transaction a tenant. */
export async function recordUsage(catalog: Pick<Catalog, 'addUsage'>, batch: readonly UsageDelta[]): Promise<void> {
  const byTenant = Map.groupBy(batch, (delta): TenantId => delta.tenantId);
  for (const [tenantId, deltas] of byTenant) {
    await catalog.addUsage(
      tenantId,
      deltas.map(({ integrationId, requests, errors, totalLatencyMs, lastActivityAt }) => ({
        integrationId,
        requests,
        errors,
        latencyMs: totalLatencyMs,
        lastActivityAt: new Date(lastActivityAt),
      })),
    );
  }
}
