// Wires webhooks in: the gateway registers them at products, the catalog forgets them when an integration goes.
import type { RegisteredWebhook } from '@inthub/connector-sdk';
import { HubError } from '@inthub/contracts';
import type { Acting, CheckSchedule } from './catalog/catalog.ts';
import type { Gateway } from './gateway/gateway.ts';
import { createInboundWebhooks, type InboundWebhooks } from './webhooks/webhooks.ts';

type RoomDeps = Parameters<typeof createInboundWebhooks>[0];

export interface StartInboundWebhooksDeps extends Omit<RoomDeps, 'register' | 'deregister'> {
  readonly gateway: Pick<Gateway, 'changeWebhook'>;
}

export interface StartedInboundWebhooks extends InboundWebhooks {
  /** The health schedule, and with it the endpoints: both end with their integration, in its transaction. */
  endingWith(schedule: CheckSchedule): CheckSchedule;
}

export function startInboundWebhooks({ gateway, ...deps }: StartInboundWebhooksDeps): StartedInboundWebhooks {
  const callOf = ({ principal, requestId }: Acting, integrationId: string, webhookId: string) => ({
    principal,
    requestId,
    integrationId,
    webhookId,
  });
  const webhooks = createInboundWebhooks({
    ...deps,
    async register(acting, integrationId, webhookId, request): Promise<RegisteredWebhook> {
      const call = callOf(acting, integrationId, webhookId);
      const registered = await gateway.changeWebhook({ ...call, change: { kind: 'register', request } });
      if (registered === null) throw new HubError('internal');
      return registered;
    },
    async deregister(acting, integrationId, webhookId, webhook) {
      const call = callOf(acting, integrationId, webhookId);
      await gateway.changeWebhook({ ...call, change: { kind: 'deregister', webhook } });
    },
  });
  return {
    ...webhooks,
    endingWith: (schedule) => ({
      ...schedule,
      async stop(tx, integrationId) {
        await schedule.stop(tx, integrationId);
        await webhooks.endpoints.forget(tx, integrationId);
      },
    }),
  };
}
