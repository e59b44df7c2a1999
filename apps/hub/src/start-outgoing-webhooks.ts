// Wires webhooks out: the bus hands events over, egress sends, the vault's key ring seals what is secret.
import { HubError } from '@inthub/contracts';
import type { BatchHandler, EventBus } from './events/events.ts';
import type { StartedParts } from './started-parts.ts';
import type { Redactor } from './telemetry/telemetry.ts';
import { type createKeyRing, createSealedBoxes } from './vault/vault.ts';
import { createOutgoingWebhooks, type OutgoingWebhooks, type OutgoingWebhooksDeps } from './webhooks/webhooks.ts';

export interface StartOutgoingWebhooksDeps
  extends Omit<OutgoingWebhooksDeps, 'boxes' | 'learnSecret' | 'redact' | 'random'> {
  readonly keyRing: ReturnType<typeof createKeyRing>;
  readonly redactor: Redactor;
  readonly started: StartedParts;
}

export interface StartedOutgoingWebhooks extends OutgoingWebhooks {
  /** Begins to deliver. Resolves when no event that commits from now on can be missed. */
  serve(bus: Pick<EventBus, 'subscribeBatch'>): Promise<void>;
}

export function startOutgoingWebhooks(deps: StartOutgoingWebhooksDeps): StartedOutgoingWebhooks {
  const { keyRing, redactor, started, ...room } = deps;
  const webhooks = createOutgoingWebhooks({
    ...room,
    boxes: createSealedBoxes({ clock: deps.clock, keys: keyRing }),
    learnSecret: redactor.learn,
    redact: redactor.redactText,
    // rule-ok: injected-clock here it is handed in
    random: Math.random,
  });
  return {
    ...webhooks,
    async serve(bus) {
      webhooks.worker.start();
      started.add({ name: 'webhooks out', stop: webhooks.worker.stop });
      const handle: BatchHandler = async (events, { waitUntil }) =>
        waitUntil((await webhooks.worker.handle(events)).safe);
      const unsubscribe = bus.subscribeBatch('*', handle, {
        consumer: 'webhooks-out',
        from: 'beginning',
        // Nothing is wrong with the event when the database is away.
        pauseOn: (error) => HubError.from(error).code === 'unavailable',
      });
      started.add({ name: 'events for webhooks out', stop: unsubscribe });
      await unsubscribe.ready;
    },
  };
}
