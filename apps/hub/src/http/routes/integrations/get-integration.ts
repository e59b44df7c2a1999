import { setETag } from '../../etag.ts';
import type { App } from '../../fastify-types.ts';
import { IdParams } from '../../parameters.ts';
import { IntegrationRef, responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';

export function getIntegration(app: App, { catalog }: Services): void {
  app.get(
    '/api/v1/integrations/:id',
    {
      config: { access: 'integrations.read' },
      schema: {
        operationId: 'getIntegration',
        tags: ['integrations'],
        summary: 'Get an integration',
        params: IdParams,
        response: responses(200, IntegrationRef),
      },
    },
    async (request, reply) => {
      const integration = await catalog.get(request.principal.tenantId, request.params.id);
      setETag(reply, integration.version);
      return reply.send(integration);
    },
  );
}
