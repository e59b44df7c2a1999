import { Integration } from '@inthub/contracts';
import Type from 'typebox';
import type { App } from '../../fastify-types.ts';
import { InstanceParams } from '../../parameters.ts';
import { responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';

const Answer = Type.Object({
  instanceId: Type.String(),
  ...Integration.properties.usage.properties,
  errorRate: Type.Number({ description: '0 to 1; 0 when nothing was called yet.' }),
});

export function getMetrics(app: App, { catalog }: Services): void {
  app.get(
    '/api/v1/connectors/instances/:instanceId/metrics',
    {
      config: { access: 'integrations.read' },
      schema: {
        operationId: 'getInstanceMetrics',
        tags: ['connectors'],
        summary: 'Get an instance’s usage',
        params: InstanceParams,
        response: responses(200, Answer),
      },
    },
    async (request) => {
      const { id, usage } = await catalog.get(request.principal.tenantId, request.params.instanceId);
      return {
        instanceId: id,
        ...usage,
        errorRate: usage.totalRequests === 0 ? 0 : usage.totalErrors / usage.totalRequests,
      };
    },
  );
}
