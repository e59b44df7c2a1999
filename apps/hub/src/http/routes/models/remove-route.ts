import Type from 'typebox';
import { acting } from '../../authentication.ts';
import { readIfMatch } from '../../etag.ts';
import type { App } from '../../fastify-types.ts';
import { IdParams, IfMatchHeaders } from '../../parameters.ts';
import { responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';

export function removeModelRoute(app: App, { models }: Services): void {
  app.delete(
    '/api/v1/model-routes/:id',
    {
      config: { access: 'integrations.admin' },
      schema: {
        operationId: 'removeModelRoute',
        tags: ['models'],
        summary: 'Remove a model route',
        params: IdParams,
        headers: IfMatchHeaders,
        response: responses(204, Type.Null()),
      },
    },
    async (request, reply) => {
      await models.routes.remove(acting(request), request.params.id, readIfMatch(request));
      return reply.code(204).send(null);
    },
  );
}
