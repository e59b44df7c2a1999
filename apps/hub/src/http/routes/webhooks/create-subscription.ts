import { NewWebhookSubscription, WebhookSecrets, WebhookSubscription } from '@inthub/contracts';
import Type from 'typebox';
import { acting } from '../../authentication.ts';
import { setETag } from '../../etag.ts';
import type { App } from '../../fastify-types.ts';
import { responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';

export const SubscriptionWithSecrets = Type.Object({
  ...WebhookSubscription.properties,
  ...WebhookSecrets.properties,
});

export function createSubscription(app: App, { outgoingWebhooks }: Services): void {
  app.post(
    '/api/v1/connectors/webhooks',
    {
      config: { access: 'webhooks.admin' },
      schema: {
        operationId: 'createWebhookSubscription',
        tags: ['webhooks'],
        summary: 'Subscribe an endpoint to events; the signing secret is shown this once',
        body: NewWebhookSubscription,
        response: responses(201, SubscriptionWithSecrets),
      },
    },
    async (request, reply) => {
      const created = await outgoingWebhooks.subscriptions.create(acting(request), request.body);
      setETag(reply, created.version);
      reply.header('location', `/api/v1/connectors/webhooks/${created.id}`);
      return reply.code(201).send(created);
    },
  );
}
