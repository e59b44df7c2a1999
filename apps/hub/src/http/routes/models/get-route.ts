import { setETag } from '../../etag.ts';
import type { App } from '../../fastify-types.ts';
import { IdParams } from '../../parameters.ts';
import { responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';
import { ModelRouteRef } from './schemas.ts';

export function getModelRoute(app: App, { models }: Services): void {
  app.get(
    '/api/v1/model-routes/:id',
    {
      config: { access: 'integrations.read' },
      schema: {
        operationId: 'getModelRoute',
        tags: ['models'],
        summary: 'Get a model route',
        params: IdParams,
        response: responses(200, ModelRouteRef),
      },
    },
    async (request, reply) => {
      const route = await models.routes.get(request.principal.tenantId, request.params.id);
      setETag(reply, route.version);
      return reply.send(route);
    },
  );
}
