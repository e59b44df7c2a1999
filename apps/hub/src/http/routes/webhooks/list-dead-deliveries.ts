import { PageOf, PageQuery, pageLimits } from '@inthub/contracts';
import Type from 'typebox';
import type { App } from '../../fastify-types.ts';
import { responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';
import { DeliveryRef, EventFilter, present } from './parameters.ts';

const Query = Type.Object(
  {
    ...PageQuery.properties,
    ...EventFilter,
    subscriptionId: Type.Optional(Type.String({ format: 'uuid' })),
  },
  { additionalProperties: false },
);

export function listDeadDeliveries(app: App, { outgoingWebhooks }: Services): void {
  app.get(
    '/api/v1/connectors/webhooks/dead-letters',
    {
      config: { access: 'webhooks.read' },
      schema: {
        operationId: 'listDeadWebhookDeliveries',
        tags: ['webhooks'],
        summary: 'List deliveries that were given up or parked, of every subscription, newest event first',
        querystring: Query,
        response: responses(200, PageOf(DeliveryRef)),
      },
    },
    async (request) => {
      const { limit, cursor, type, since, until, subscriptionId } = request.query;
      const page = await outgoingWebhooks.deliveries.list(request.principal.tenantId, {
        status: ['exhausted', 'parked'],
        withoutTests: true,
        limit: limit ?? pageLimits.default,
        ...present({ cursor, type, since, until, subscriptionId }),
      });
      return { items: [...page.items], nextCursor: page.nextCursor };
    },
  );
}
