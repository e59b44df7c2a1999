import Type from 'typebox';
import type { App } from '../../fastify-types.ts';
import { IdParams } from '../../parameters.ts';
import { responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';
import { Kind } from './schemas.ts';

export function listKinds(app: App, { inboundWebhooks }: Services): void {
  app.get(
    '/api/v1/integrations/:id/webhooks/kinds',
    {
      config: { access: 'webhooks.read' },
      schema: {
        operationId: 'listWebhookKinds',
        tags: ['webhooks in'],
        summary: 'What deliveries an integration can take in, and how they are set up',
        params: IdParams,
        response: responses(200, Type.Object({ items: Type.Array(Kind) })),
      },
    },
    async (request) => {
      const items = await inboundWebhooks.endpoints.kinds(request.principal.tenantId, request.params.id);
      return { items: items.map((kind) => ({ ...kind, events: [...kind.events] })) };
    },
  );
}
