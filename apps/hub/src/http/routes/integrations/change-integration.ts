import { acting } from '../../authentication.ts';
import { requireIfMatch, setETag } from '../../etag.ts';
import type { App } from '../../fastify-types.ts';
import { IdParams, IfMatchHeaders } from '../../parameters.ts';
import { ChangeIntegrationBody, IntegrationRef, responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';

/** PATCH changes the fields that are given; `config` is merged by its top-level fields, null removes one (RFC 7396). */
export function changeIntegration(app: App, { catalog }: Services): void {
  app.patch(
    '/api/v1/integrations/:id',
    {
      config: { access: 'integrations.admin' },
      schema: {
        operationId: 'changeIntegration',
        tags: ['integrations'],
        summary: 'Change some of an integration’s settings',
        params: IdParams,
        headers: IfMatchHeaders,
        body: ChangeIntegrationBody,
        response: responses(200, IntegrationRef),
      },
    },
    async (request, reply) => {
      const integration = await catalog.update(
        acting(request),
        request.params.id,
        requireIfMatch(request),
        request.body,
        'merge',
      );
      setETag(reply, integration.version);
      return reply.send(integration);
    },
  );
}
