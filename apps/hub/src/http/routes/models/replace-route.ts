import { NewModelRoute } from '@inthub/contracts';
import { acting } from '../../authentication.ts';
import { requireIfMatch, setETag } from '../../etag.ts';
import type { App } from '../../fastify-types.ts';
import { IdParams, IfMatchHeaders } from '../../parameters.ts';
import { responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';
import { ModelRouteRef } from './schemas.ts';

export function replaceModelRoute(app: App, { models }: Services): void {
  app.put(
    '/api/v1/model-routes/:id',
    {
      config: { access: 'integrations.admin' },
      schema: {
        operationId: 'replaceModelRoute',
        tags: ['models'],
        summary: 'Replace a model route',
        params: IdParams,
        headers: IfMatchHeaders,
        body: NewModelRoute,
        response: responses(200, ModelRouteRef),
      },
    },
    async (request, reply) => {
      const version = requireIfMatch(request);
      const route = await models.routes.replace(acting(request), request.params.id, version, request.body);
      setETag(reply, route.version);
      return reply.send(route);
    },
  );
}
