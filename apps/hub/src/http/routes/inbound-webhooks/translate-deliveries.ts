import Type from 'typebox';
import { acting } from '../../authentication.ts';
import type { App } from '../../fastify-types.ts';
import { IdParams } from '../../parameters.ts';
import { responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';
import { DeliveryParams, deliveryFilter } from './schemas.ts';

const Body = Type.Object(
  { ...deliveryFilter, status: Type.Optional(Type.Enum(['untranslated', 'dead'])) },
  { additionalProperties: false },
);
const Answer = Type.Object({ requeued: Type.Integer({ description: 'Deliveries that are being translated again.' }) });

/** After a connector has learnt a new event, or a fault in it was mended. */
export function translateDeliveries(app: App, { inboundWebhooks }: Services): void {
  app.post(
    '/api/v1/integrations/:id/webhooks/deliveries/translate',
    {
      config: { access: 'webhooks.admin' },
      schema: {
        operationId: 'translateInboundDeliveries',
        tags: ['webhooks in'],
        summary: 'Translate again what became no event or failed; at most 10 000 at a time',
        params: IdParams,
        body: Body,
        response: responses(202, Answer),
      },
    },
    async (request, reply) =>
      reply
        .code(202)
        .send(await inboundWebhooks.deliveries.translateAgain(acting(request), request.params.id, request.body)),
  );
  app.post(
    '/api/v1/integrations/:id/webhooks/deliveries/:deliveryId/translate',
    {
      config: { access: 'webhooks.admin' },
      schema: {
        operationId: 'translateInboundDelivery',
        tags: ['webhooks in'],
        summary: 'Translate one delivery again that became no event or failed',
        params: DeliveryParams,
        response: responses(202, Answer),
      },
    },
    async (request, reply) => {
      const { id, deliveryId } = request.params;
      const answer = await inboundWebhooks.deliveries.translateAgain(acting(request), id, { ids: [deliveryId] });
      return reply.code(202).send(answer);
    },
  );
}
