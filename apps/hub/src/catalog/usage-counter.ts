import type { TenantId } from '@inthub/contracts';
import { LRUCache } from 'lru-cache';
import type { CatalogOptions } from './catalog-context.ts';
import type { UsageDelta } from './catalog-types.ts';
import { addUsage, pruneUsageHours } from './usage-repository.ts';

const hourMs = 3_600_000;
/** How long hourly counts are kept. */
const retentionHours = 30 * 24;

export interface UsageCounter {
  /** Adds counts; unknown integrations are left out. */
  add(tenantId: TenantId, deltas: readonly UsageDelta[]): Promise<void>;
}

/** Counters of use. Old hours are forgotten as new ones are written, once an hour for each integration that is in use. */
export function createUsageCounter({ database, clock }: Pick<CatalogOptions, 'database' | 'clock'>): UsageCounter {
  // Bounded: what falls out is pruned once more than needed.
  const prunedHour = new LRUCache<string, number>({ max: 50_000 });

  return {
    async add(tenantId, deltas) {
      if (deltas.length === 0) return;
      const hour = Math.floor(clock.now().getTime() / hourMs);
      const ids = [...new Set(deltas.map(({ integrationId }) => integrationId))];
      const due = ids.filter((id) => prunedHour.get(id) !== hour);
      await database.tenant(tenantId, async (tx) => {
        await addUsage(tx, deltas);
        if (due.length > 0) await pruneUsageHours(tx, due, new Date((hour - retentionHours) * hourMs));
      });
      for (const id of due) prunedHour.set(id, hour);
    },
  };
}
