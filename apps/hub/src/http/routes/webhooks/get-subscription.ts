import { setETag } from '../../etag.ts';
import type { App } from '../../fastify-types.ts';
import { IdParams } from '../../parameters.ts';
import { responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';
import { SubscriptionRef } from './parameters.ts';

export function getSubscription(app: App, { outgoingWebhooks }: Services): void {
  app.get(
    '/api/v1/connectors/webhooks/:id',
    {
      config: { access: 'webhooks.read' },
      schema: {
        operationId: 'getWebhookSubscription',
        tags: ['webhooks'],
        summary: 'Get a webhook subscription',
        params: IdParams,
        response: responses(200, SubscriptionRef),
      },
    },
    async (request, reply) => {
      const found = await outgoingWebhooks.subscriptions.get(request.principal.tenantId, request.params.id);
      setETag(reply, found.version);
      return reply.send(found);
    },
  );
}
