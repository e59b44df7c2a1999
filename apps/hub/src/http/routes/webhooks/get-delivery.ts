import type { App } from '../../fastify-types.ts';
import { responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';
import { DeliveryDetailRef, DeliveryParams } from './parameters.ts';

export function getOutgoingDelivery(app: App, { outgoingWebhooks }: Services): void {
  app.get(
    '/api/v1/connectors/webhooks/:id/deliveries/:deliveryId',
    {
      config: { access: 'webhooks.read' },
      schema: {
        operationId: 'getWebhookDelivery',
        tags: ['webhooks'],
        summary: 'Get a delivery with its attempts: request and response of each',
        params: DeliveryParams,
        response: responses(200, DeliveryDetailRef),
      },
    },
    async ({ principal, params }) => outgoingWebhooks.deliveries.get(principal.tenantId, params.id, params.deliveryId),
  );
}
