import { PageOf, PageQuery, pageLimits } from '@inthub/contracts';
import Type from 'typebox';
import { inboundStatuses } from '../../../webhooks/webhooks.ts';
import type { App } from '../../fastify-types.ts';
import { IdParams } from '../../parameters.ts';
import { responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';
import { deliveryFilter, InboundDelivery } from './schemas.ts';

const Query = Type.Object(
  { ...PageQuery.properties, ...deliveryFilter, status: Type.Optional(Type.Enum([...inboundStatuses])) },
  { additionalProperties: false },
);

export function listDeliveries(app: App, { inboundWebhooks }: Services): void {
  app.get(
    '/api/v1/integrations/:id/webhooks/deliveries',
    {
      config: { access: 'webhooks.read' },
      schema: {
        operationId: 'listInboundDeliveries',
        tags: ['webhooks in'],
        summary: 'What arrived, newest first; kept for 30 days',
        params: IdParams,
        querystring: Query,
        response: responses(200, PageOf(InboundDelivery)),
      },
    },
    async (request) => {
      const { limit, ...query } = request.query;
      const page = await inboundWebhooks.deliveries.list(request.principal.tenantId, request.params.id, {
        ...query,
        limit: limit ?? pageLimits.default,
      });
      const items = page.items.map((delivery) => ({ ...delivery, eventTypes: [...delivery.eventTypes] }));
      return { items, nextCursor: page.nextCursor };
    },
  );
}
