import type { EventBus } from './events/events.ts';
import type { Health } from './health/health.ts';
import type { StartedOutgoingWebhooks } from './start-outgoing-webhooks.ts';
import type { Upkeep } from './start-upkeep.ts';
import type { StartedParts } from './started-parts.ts';

export interface StartWorkerOptions {
  readonly started: StartedParts;
  readonly upkeep: Upkeep;
  readonly bus: EventBus;
  readonly health: Health;
  readonly inbound: { startTranslating(): void };
  readonly outgoing: StartedOutgoingWebhooks;
}

/** The role `worker`: what happens by itself, not because somebody calls. */
export async function startWorker(options: StartWorkerOptions): Promise<void> {
  const { started, health } = options;
  options.upkeep.startKeeping(started);
  options.inbound.startTranslating();
  await options.outgoing.serve(options.bus);
  health.start();
  started.add({ name: 'health', stop: health.stop });
}
