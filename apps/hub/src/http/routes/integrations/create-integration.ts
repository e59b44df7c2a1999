import { acting } from '../../authentication.ts';
import { setETag } from '../../etag.ts';
import type { App } from '../../fastify-types.ts';
import { IntegrationRef, NewIntegrationBody, responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';

export function createIntegration(app: App, { catalog }: Services): void {
  app.post(
    '/api/v1/integrations',
    {
      config: { access: 'integrations.admin' },
      schema: {
        operationId: 'createIntegration',
        tags: ['integrations'],
        summary: 'Install an integration',
        body: NewIntegrationBody,
        response: responses(201, IntegrationRef),
      },
    },
    async (request, reply) => {
      const integration = await catalog.create(acting(request), request.body);
      setETag(reply, integration.version);
      reply.header('location', `/api/v1/integrations/${integration.id}`);
      return reply.code(201).send(integration);
    },
  );
}
