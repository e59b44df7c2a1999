import { acting } from '../../authentication.ts';
import { setETag } from '../../etag.ts';
import type { App } from '../../fastify-types.ts';
import { InstanceParams } from '../../parameters.ts';
import { type ConnectorInstance, PauseBody, reference, responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';
import { declaredCapabilities } from './capabilities.ts';
import { presentInstance } from './present-instance.ts';

export function moveInstance(app: App, { catalog, registry }: Services): void {
  const response = responses(200, reference<ConnectorInstance>('ConnectorInstance'));
  app.post(
    '/api/v1/connectors/instances/:instanceId/pause',
    {
      config: { access: 'integrations.admin' },
      schema: {
        operationId: 'pauseInstance',
        tags: ['connectors'],
        summary: 'Pause an instance',
        params: InstanceParams,
        body: PauseBody,
        response,
      },
    },
    async (request, reply) => {
      const integration = await catalog.pause(acting(request), request.params.instanceId, request.body);
      setETag(reply, integration.version);
      return reply.send(presentInstance(integration, declaredCapabilities(registry, integration)));
    },
  );
  app.post(
    '/api/v1/connectors/instances/:instanceId/resume',
    {
      config: { access: 'integrations.admin' },
      schema: {
        operationId: 'resumeInstance',
        tags: ['connectors'],
        summary: 'Resume a paused instance',
        params: InstanceParams,
        response,
      },
    },
    async (request, reply) => {
      const integration = await catalog.resume(acting(request), request.params.instanceId);
      setETag(reply, integration.version);
      return reply.send(presentInstance(integration, declaredCapabilities(registry, integration)));
    },
  );
}
