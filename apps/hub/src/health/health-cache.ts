// The health cache of GW-6. The integration's own row is read for every question, and an entry counts only under the row that it was read
// with: so whatever a check has recorded, on whichever replica, shows with the next question, and no announcement can come too late.
import type { Clock, Integration } from '@inthub/contracts';
import { LRUCache } from 'lru-cache';
import type { HealthSample } from './health-types.ts';

/** What is stored of an integration's checks beside its own row. */
export interface LastCheck {
  readonly last: HealthSample | undefined;
  /** Null when it is not checked. */
  readonly nextCheckAt: Date | null;
  readonly skippedOffline: boolean;
}

export interface HealthCache {
  /** Counts what was forgotten: what began to be read before is not kept. */
  readonly epoch: number;
  get(integration: Integration): LastCheck | undefined;
  /** Keeps what was read after `integration` and since `epoch`. What may change before somebody could tell is not kept. */
  keep(integration: Integration, found: LastCheck, epoch: number): void;
  forget(tenantId: string, integrationId: string): void;
  forgetTenant(tenantId: string): void;
  forgetAll(): void;
}

interface Entry {
  readonly stamp: string;
  readonly found: LastCheck;
}

/** Sliding: every hit starts the time anew. */
const ttlMs = 300_000;
const maxIntegrations = 1_000;
/** A turn that is left out changes no row, so nothing is kept beyond the next turn; less this, for the clocks of replicas differ. */
const marginMs = 5_000;

export function createHealthCache(clock: Clock): HealthCache {
  const entries = new LRUCache<string, Entry>({
    max: maxIntegrations,
    ttl: ttlMs,
    updateAgeOnGet: true,
    ttlResolution: 0,
    // lru-cache takes an entry made at 0 for one without an end, so time begins at 1.
    perf: { now: () => clock.monotonicMs() + 1 },
  });
  let epoch = 0;
  const isDue = ({ nextCheckAt }: LastCheck) =>
    nextCheckAt !== null && nextCheckAt.getTime() - marginMs <= clock.now().getTime();

  return {
    get epoch() {
      return epoch;
    },
    get(integration) {
      const key = keyOf(integration.tenantId, integration.id);
      const entry = entries.get(key);
      if (entry === undefined) return undefined;
      if (entry.stamp === stampOf(integration) && !isDue(entry.found)) return entry.found;
      entries.delete(key);
      return undefined;
    },
    keep(integration, found, since) {
      // The sample is written after the row: until then the newest one is that of the check before.
      const isOfThisRow = (found.last?.checkedAt ?? null) === (integration.lastTestedAt ?? null);
      if (since !== epoch || !isOfThisRow || isDue(found)) return;
      entries.set(keyOf(integration.tenantId, integration.id), { stamp: stampOf(integration), found });
    },
    forget(tenantId, integrationId) {
      epoch += 1;
      entries.delete(keyOf(tenantId, integrationId));
    },
    forgetTenant(tenantId) {
      epoch += 1;
      for (const key of [...entries.keys()]) if (key.startsWith(`${tenantId}/`)) entries.delete(key);
    },
    forgetAll() {
      epoch += 1;
      entries.clear();
    },
  };
}

function keyOf(tenantId: string, integrationId: string): string {
  return `${tenantId}/${integrationId}`;
}

/** Changes with every check and with every change of the integration. */
function stampOf(integration: Integration): string {
  const { version, status, health, connectorVersion, lastTestedAt, consecutiveFailures } = integration;
  return [version, status, health, connectorVersion, lastTestedAt, consecutiveFailures].join(' ');
}
