import Type from 'typebox';
import type { App } from '../../fastify-types.ts';
import { IdParams } from '../../parameters.ts';
import { responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';
import { Endpoint } from './schemas.ts';

export function listEndpoints(app: App, { inboundWebhooks }: Services): void {
  app.get(
    '/api/v1/integrations/:id/webhooks',
    {
      config: { access: 'webhooks.read' },
      schema: {
        operationId: 'listWebhookEndpoints',
        tags: ['webhooks in'],
        summary: 'Endpoints of an integration, oldest first; at most 20',
        params: IdParams,
        response: responses(200, Type.Object({ items: Type.Array(Endpoint) })),
      },
    },
    async (request) => {
      const items = await inboundWebhooks.endpoints.list(request.principal.tenantId, request.params.id);
      return { items: items.map((endpoint) => ({ ...endpoint, events: [...endpoint.events] })) };
    },
  );
}
