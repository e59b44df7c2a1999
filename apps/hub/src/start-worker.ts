import type { Clock } from '@inthub/contracts';
import { createPartitionKeeper, type Database } from './database/database.ts';
import type { EventBus } from './events/events.ts';
import type { Health } from './health/health.ts';
import { monthlyTables } from './monthly-tables.ts';
import type { StartedOutgoingWebhooks } from './start-outgoing-webhooks.ts';
import type { StartedParts } from './started-parts.ts';
import type { Log } from './telemetry/telemetry.ts';

export interface StartWorkerOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly started: StartedParts;
  readonly bus: EventBus;
  readonly health: Health;
  readonly inbound: { startTranslating(): void };
  readonly outgoing: StartedOutgoingWebhooks;
}

/** The role `worker`: what happens by itself, not because somebody calls. */
export async function startWorker(options: StartWorkerOptions): Promise<void> {
  const { database, clock, log, started, health } = options;
  const partitions = createPartitionKeeper({ database, clock, log, tables: monthlyTables });
  partitions.start();
  started.add({ name: 'partitions', stop: partitions.stop });
  options.inbound.startTranslating();
  await options.outgoing.serve(options.bus);
  health.start();
  started.add({ name: 'health', stop: health.stop });
}
