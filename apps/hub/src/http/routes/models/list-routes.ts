import { PageOf, PageQuery, pageLimits } from '@inthub/contracts';
import type { App } from '../../fastify-types.ts';
import { responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';
import { ModelRouteRef } from './schemas.ts';

export function listModelRoutes(app: App, { models }: Services): void {
  app.get(
    '/api/v1/model-routes',
    {
      config: { access: 'integrations.read' },
      schema: {
        operationId: 'listModelRoutes',
        tags: ['models'],
        summary: 'List model routes by alias',
        querystring: PageQuery,
        response: responses(200, PageOf(ModelRouteRef)),
      },
    },
    async (request) => {
      const { cursor, limit = pageLimits.default } = request.query;
      const page = await models.routes.list(request.principal.tenantId, {
        limit,
        ...(cursor === undefined ? {} : { cursor }),
      });
      return { items: [...page.items], nextCursor: page.nextCursor };
    },
  );
}
