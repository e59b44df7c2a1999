// Wires webhooks in: the gateway makes, renews and removes them at products.
import type { RegisteredWebhook } from '@inthub/connector-sdk';
import { HubError } from '@inthub/contracts';
import type { Acting } from './catalog/catalog.ts';
import type { Gateway } from './gateway/gateway.ts';
import { createInboundWebhooks, type InboundWebhooks } from './webhooks/webhooks.ts';

type RoomDeps = Parameters<typeof createInboundWebhooks>[0];

export interface StartInboundWebhooksDeps extends Omit<RoomDeps, 'register' | 'renew' | 'deregister'> {
  readonly gateway: Pick<Gateway, 'changeWebhook'>;
}

export function startInboundWebhooks({ gateway, ...deps }: StartInboundWebhooksDeps): InboundWebhooks {
  const callOf = ({ principal, requestId }: Acting, integrationId: string, webhookId: string) => ({
    principal,
    requestId,
    integrationId,
    webhookId,
  });
  return createInboundWebhooks({
    ...deps,
    async register(acting, integrationId, webhookId, request): Promise<RegisteredWebhook> {
      const call = callOf(acting, integrationId, webhookId);
      const registered = await gateway.changeWebhook({ ...call, change: { kind: 'register', request } });
      if (registered === null) throw new HubError('internal');
      return registered;
    },
    async renew(acting, integrationId, webhookId, webhook) {
      const call = callOf(acting, integrationId, webhookId);
      await gateway.changeWebhook({ ...call, change: { kind: 'renew', webhook } });
    },
    async deregister(acting, integrationId, webhookId, webhook) {
      const call = callOf(acting, integrationId, webhookId);
      await gateway.changeWebhook({ ...call, change: { kind: 'deregister', webhook } });
    },
  });
}
