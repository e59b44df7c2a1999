import { acting } from '../../authentication.ts';
import type { App } from '../../fastify-types.ts';
import { IdParams } from '../../parameters.ts';
import { responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';
import { DeliveryDetailRef } from './parameters.ts';

export function testSubscription(app: App, { outgoingWebhooks }: Services): void {
  app.post(
    '/api/v1/connectors/webhooks/:id/test',
    {
      config: { access: 'webhooks.admin' },
      schema: {
        operationId: 'testWebhookSubscription',
        tags: ['webhooks'],
        summary: 'Send a webhook.test event now and tell what the endpoint answered',
        params: IdParams,
        response: responses(200, DeliveryDetailRef),
      },
    },
    async (request) => outgoingWebhooks.test(acting(request), request.params.id),
  );
}
