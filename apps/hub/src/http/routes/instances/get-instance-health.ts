import { instanceStatusOf } from '@inthub/contracts';
import type { Static } from 'typebox';
import type { App } from '../../fastify-types.ts';
import { InstanceParams } from '../../parameters.ts';
import { type HealthReport, reference, responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';

export function getInstanceHealth(app: App, { catalog, health }: Services): void {
  app.get(
    '/api/v1/connectors/instances/:instanceId/health',
    {
      config: { access: 'integrations.read' },
      schema: {
        operationId: 'getInstanceHealth',
        tags: ['connectors'],
        summary: 'Health as last checked',
        params: InstanceParams,
        response: responses(200, reference<Static<typeof HealthReport>>('HealthReport')),
      },
    },
    async (request) => {
      const { tenantId } = request.principal;
      const integration = await catalog.get(tenantId, request.params.instanceId);
      const summary = await health.summary(tenantId, integration);
      return { integrationId: integration.id, lifecycle: instanceStatusOf[integration.status], ...summary };
    },
  );
}
