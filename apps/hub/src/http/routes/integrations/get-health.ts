import { instanceStatusOf } from '@inthub/contracts';
import type { Static } from 'typebox';
import type { App } from '../../fastify-types.ts';
import { IdParams } from '../../parameters.ts';
import { type HealthReport, reference, responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';

export function getHealth(app: App, { catalog, health }: Services): void {
  app.get(
    '/api/v1/integrations/:id/health',
    {
      config: { access: 'integrations.read' },
      schema: {
        operationId: 'getIntegrationHealth',
        tags: ['integrations'],
        summary: 'Health as last checked',
        params: IdParams,
        response: responses(200, reference<Static<typeof HealthReport>>('HealthReport')),
      },
    },
    async (request) => {
      const { tenantId } = request.principal;
      const integration = await catalog.get(tenantId, request.params.id);
      const summary = await health.summary(tenantId, integration);
      return { integrationId: integration.id, lifecycle: instanceStatusOf[integration.status], ...summary };
    },
  );
}
