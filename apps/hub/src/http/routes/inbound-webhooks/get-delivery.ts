import type { App } from '../../fastify-types.ts';
import { responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';
import { DeliveryParams, InboundDeliveryDetail } from './schemas.ts';

export function getDelivery(app: App, { inboundWebhooks }: Services): void {
  app.get(
    '/api/v1/integrations/:id/webhooks/deliveries/:deliveryId',
    {
      config: { access: 'webhooks.read' },
      schema: {
        operationId: 'getInboundDelivery',
        tags: ['webhooks in'],
        summary: 'One delivery with its headers and body',
        params: DeliveryParams,
        response: responses(200, InboundDeliveryDetail),
      },
    },
    async (request) => {
      const { id, deliveryId } = request.params;
      const found = await inboundWebhooks.deliveries.get(request.principal.tenantId, id, deliveryId);
      return { ...found, eventTypes: [...found.eventTypes], headers: [...found.headers] };
    },
  );
}
