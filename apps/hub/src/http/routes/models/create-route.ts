import { NewModelRoute } from '@inthub/contracts';
import { acting } from '../../authentication.ts';
import { setETag } from '../../etag.ts';
import type { App } from '../../fastify-types.ts';
import { responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';
import { ModelRouteRef } from './schemas.ts';

export function createModelRoute(app: App, { models }: Services): void {
  app.post(
    '/api/v1/model-routes',
    {
      config: { access: 'integrations.admin' },
      schema: {
        operationId: 'createModelRoute',
        tags: ['models'],
        summary: 'Give models of several integrations one name, to be tried in order',
        body: NewModelRoute,
        response: responses(201, ModelRouteRef),
      },
    },
    async (request, reply) => {
      const route = await models.routes.create(acting(request), request.body);
      setETag(reply, route.version);
      reply.header('location', `/api/v1/model-routes/${route.id}`);
      return reply.code(201).send(route);
    },
  );
}
