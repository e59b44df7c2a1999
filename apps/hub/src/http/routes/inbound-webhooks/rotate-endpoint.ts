import Type from 'typebox';
import { acting } from '../../authentication.ts';
import type { App } from '../../fastify-types.ts';
import { responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';
import { EndpointParams, EndpointWithSecret, GivenSecret } from './schemas.ts';

const Body = Type.Object({ secret: Type.Optional(GivenSecret) }, { additionalProperties: false });

export function rotateEndpoint(app: App, { inboundWebhooks }: Services): void {
  app.post(
    '/api/v1/integrations/:id/webhooks/:endpointId/rotate',
    {
      config: { access: 'webhooks.admin' },
      schema: {
        operationId: 'rotateWebhookEndpoint',
        tags: ['webhooks in'],
        summary: 'A new secret; the one before is accepted for 24 hours more',
        params: EndpointParams,
        body: Body,
        response: responses(200, EndpointWithSecret),
      },
    },
    async (request, reply) => {
      const { id, endpointId } = request.params;
      const rotated = await inboundWebhooks.endpoints.rotate(acting(request), id, endpointId, request.body);
      reply.header('cache-control', 'no-store');
      return reply.send({ ...rotated, events: [...rotated.events] });
    },
  );
}
