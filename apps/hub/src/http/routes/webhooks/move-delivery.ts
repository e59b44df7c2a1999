import { acting } from '../../authentication.ts';
import type { App } from '../../fastify-types.ts';
import { responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';
import { DeliveryParams, DeliveryRef } from './parameters.ts';

const moves = {
  resend: 'Send a delivery again as soon as possible, under the same webhook-id',
  park: 'Set a waiting delivery aside; what is behind it in its key goes on',
  skip: 'Give a waiting delivery up; what is behind it in its key goes on',
} as const;

export function moveDelivery(app: App, { outgoingWebhooks }: Services): void {
  for (const move of ['resend', 'park', 'skip'] as const) {
    app.post(
      `/api/v1/connectors/webhooks/:id/deliveries/:deliveryId/${move}`,
      {
        config: { access: 'webhooks.admin' },
        schema: {
          operationId: `${move}WebhookDelivery`,
          tags: ['webhooks'],
          summary: moves[move],
          params: DeliveryParams,
          response: responses(200, DeliveryRef),
        },
      },
      async (request) =>
        outgoingWebhooks.deliveries[move](acting(request), request.params.id, request.params.deliveryId),
    );
  }
}
