import { PageOf, pageLimits } from '@inthub/contracts';
import type { App } from '../../fastify-types.ts';
import { IdParams } from '../../parameters.ts';
import { responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';
import { DeliveryQuery, DeliveryRef, present, statusesOf } from './parameters.ts';

export function listOutgoingDeliveries(app: App, { outgoingWebhooks }: Services): void {
  app.get(
    '/api/v1/connectors/webhooks/:id/deliveries',
    {
      config: { access: 'webhooks.read' },
      schema: {
        operationId: 'listWebhookDeliveries',
        tags: ['webhooks'],
        summary: 'List a subscription’s deliveries, waiting and finished, newest event first',
        params: IdParams,
        querystring: DeliveryQuery,
        response: responses(200, PageOf(DeliveryRef)),
      },
    },
    async (request) => {
      const { limit, cursor, type, since, until, status } = request.query;
      const page = await outgoingWebhooks.deliveries.list(request.principal.tenantId, {
        subscriptionId: request.params.id,
        limit: limit ?? pageLimits.default,
        ...present({ cursor, type, since, until }),
        ...(status === undefined ? {} : { status: statusesOf(status) }),
      });
      return { items: [...page.items], nextCursor: page.nextCursor };
    },
  );
}
