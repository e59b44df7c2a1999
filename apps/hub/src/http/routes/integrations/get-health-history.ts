import { PageQuery, pageLimits } from '@inthub/contracts';
import Type, { type Static } from 'typebox';
import type { App } from '../../fastify-types.ts';
import { IdParams } from '../../parameters.ts';
import { type HealthHistory, reference, responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';

export function getHealthHistory(app: App, { catalog, health }: Services): void {
  app.get(
    '/api/v1/integrations/:id/health/history',
    {
      config: { access: 'integrations.read' },
      schema: {
        operationId: 'getIntegrationHealthHistory',
        tags: ['integrations'],
        summary: 'Checks, newest first, with uptime and latency per window',
        params: IdParams,
        querystring: Type.Object(PageQuery.properties, { additionalProperties: false }),
        response: responses(200, reference<Static<typeof HealthHistory>>('HealthHistory')),
      },
    },
    async (request) => {
      const { tenantId } = request.principal;
      const { cursor, limit } = request.query;
      const integration = await catalog.get(tenantId, request.params.id);
      const history = await health.history(tenantId, integration.id, {
        limit: limit ?? pageLimits.default,
        ...(cursor === undefined ? {} : { cursor }),
      });
      return { items: [...history.items], nextCursor: history.nextCursor, windows: [...history.windows] };
    },
  );
}
