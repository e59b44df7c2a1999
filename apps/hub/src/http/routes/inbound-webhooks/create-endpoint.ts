import { acting } from '../../authentication.ts';
import type { App } from '../../fastify-types.ts';
import { IdParams } from '../../parameters.ts';
import { responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';
import { EndpointWithSecret, NewEndpoint } from './schemas.ts';

export function createEndpoint(app: App, { inboundWebhooks }: Services): void {
  app.post(
    '/api/v1/integrations/:id/webhooks',
    {
      config: { access: 'webhooks.admin' },
      schema: {
        operationId: 'createWebhookEndpoint',
        tags: ['webhooks in'],
        summary: 'Create an endpoint; with `register`, the hub also makes the webhook at the product',
        params: IdParams,
        body: NewEndpoint,
        response: responses(201, EndpointWithSecret),
      },
    },
    async (request, reply) => {
      const { register, ...input } = request.body;
      const { target } = register ?? {};
      const made = await inboundWebhooks.endpoints.create(acting(request), request.params.id, {
        ...input,
        ...(register === undefined ? {} : { register: target === undefined ? {} : { target } }),
      });
      reply.header('cache-control', 'no-store');
      return reply.code(201).send({ ...made, events: [...made.events] });
    },
  );
}
