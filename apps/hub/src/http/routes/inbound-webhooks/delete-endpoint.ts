import Type from 'typebox';
import { acting } from '../../authentication.ts';
import type { App } from '../../fastify-types.ts';
import { responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';
import { EndpointParams } from './schemas.ts';

const Query = Type.Object(
  {
    keepRegistration: Type.Boolean({
      default: false,
      description: 'Leave the webhook at the product, for when the product cannot be reached any more.',
    }),
  },
  { additionalProperties: false },
);

export function deleteEndpoint(app: App, { inboundWebhooks }: Services): void {
  app.delete(
    '/api/v1/integrations/:id/webhooks/:endpointId',
    {
      config: { access: 'webhooks.admin' },
      schema: {
        operationId: 'deleteWebhookEndpoint',
        tags: ['webhooks in'],
        summary: 'Remove an endpoint, its secret, and the webhook at the product where the hub has made it',
        params: EndpointParams,
        querystring: Query,
        response: responses(204, Type.Null()),
      },
    },
    async (request, reply) => {
      const { id, endpointId } = request.params;
      await inboundWebhooks.endpoints.remove(acting(request), id, endpointId, request.query);
      return reply.code(204).send(null);
    },
  );
}
