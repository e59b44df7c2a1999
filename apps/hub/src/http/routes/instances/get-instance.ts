import { setETag } from '../../etag.ts';
import type { App } from '../../fastify-types.ts';
import { InstanceParams } from '../../parameters.ts';
import { type ConnectorInstance, reference, responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';
import { declaredCapabilities, effectiveCapabilities } from './capabilities.ts';
import { presentInstance } from './present-instance.ts';

export function getInstance(app: App, { catalog, clock, grants, registry }: Services): void {
  app.get(
    '/api/v1/connectors/instances/:instanceId',
    {
      config: { access: 'integrations.read' },
      schema: {
        operationId: 'getInstance',
        tags: ['connectors'],
        summary: 'Get an instance with the capabilities that it may use now',
        params: InstanceParams,
        response: responses(200, reference<ConnectorInstance>('ConnectorInstance')),
      },
    },
    async (request, reply) => {
      const { tenantId } = request.principal;
      const integration = await catalog.get(tenantId, request.params.instanceId);
      const grant = await grants.find(tenantId, integration.id);
      setETag(reply, integration.version);
      return reply.send(
        presentInstance(
          integration,
          effectiveCapabilities(declaredCapabilities(registry, integration), grant, clock.now()),
        ),
      );
    },
  );
}
