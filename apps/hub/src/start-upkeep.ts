// Wires what looks after the data itself: how long it is kept, and what runs out.
import type { Clock, Page, TenantId } from '@inthub/contracts';
import type { AuditCutter } from './audit/audit.ts';
import {
  createPartitionKeeper,
  createRetention,
  type Database,
  type KeptTable,
  type Retention,
} from './database/database.ts';
import { createExpiryCalendar, type EventWriter, type ExpiryCalendar } from './events/events.ts';
import { retentionKinds } from './monthly-tables.ts';
import type { StartedParts } from './started-parts.ts';
import type { Log, Metrics } from './telemetry/telemetry.ts';

type TenantPage = Page<{ readonly id: TenantId }>;

export interface UpkeepOptions {
  readonly database: Database;
  readonly events: EventWriter;
  readonly audit: AuditCutter;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'credentialExpirySeconds'>;
  readonly access: { listTenants(page: { cursor?: string; limit: number }): Promise<TenantPage> };
}

export interface Upkeep {
  readonly retention: Retention;
  readonly expiries: ExpiryCalendar;
  /** The jobs of the role `worker`. */
  startKeeping(started: StartedParts): void;
}

export function createUpkeep(options: UpkeepOptions): Upkeep {
  const { database, clock, log, audit, access } = options;
  const retention = createRetention({ database, clock, kinds: retentionKinds });
  const expiries = createExpiryCalendar({ ...options, gauge: options.metrics.credentialExpirySeconds });

  /** Entries go with their month for all tenants, so every chain has to be whole and to know its new beginning. */
  async function cutChains(olderThan: Date): Promise<void> {
    let cursor: string | null = null;
    do {
      const page: TenantPage = await access.listTenants({ limit: 100, ...(cursor === null ? {} : { cursor }) });
      for (const { id } of page.items) await audit.cut(id, olderThan);
      cursor = page.nextCursor;
    } while (cursor !== null);
  }

  async function tables(): Promise<readonly KeptTable[]> {
    const kept = await retention.tables();
    return kept.map((table) => (table.name === 'audit_entries' ? { ...table, beforeDrop: cutChains } : table));
  }

  return {
    retention,
    expiries,
    startKeeping(started) {
      const partitions = createPartitionKeeper({ database, clock, log, tables });
      partitions.start();
      started.add({ name: 'partitions', stop: partitions.stop });
      expiries.start();
      started.add({ name: 'expiries', stop: expiries.stop });
    },
  };
}
