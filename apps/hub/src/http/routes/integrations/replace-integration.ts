import { acting } from '../../authentication.ts';
import { requireIfMatch, setETag } from '../../etag.ts';
import type { App } from '../../fastify-types.ts';
import { IdParams, IfMatchHeaders } from '../../parameters.ts';
import { IntegrationRef, ReplaceIntegrationBody, responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';

/** PUT replaces every field that a caller may change: one that is left out goes back to its default. */
export function replaceIntegration(app: App, { catalog }: Services): void {
  app.put(
    '/api/v1/integrations/:id',
    {
      config: { access: 'integrations.admin' },
      schema: {
        operationId: 'replaceIntegration',
        tags: ['integrations'],
        summary: 'Replace an integration’s settings',
        params: IdParams,
        headers: IfMatchHeaders,
        body: ReplaceIntegrationBody,
        response: responses(200, IntegrationRef),
      },
    },
    async (request, reply) => {
      const defaults = { description: null, environment: null, tags: [], ownerId: null, features: {}, rateLimits: {} };
      const change = { ...defaults, ...request.body };
      const integration = await catalog.update(
        acting(request),
        request.params.id,
        requireIfMatch(request),
        change,
        'replace',
      );
      setETag(reply, integration.version);
      return reply.send(integration);
    },
  );
}
