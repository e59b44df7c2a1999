import Type from 'typebox';
import { acting } from '../../authentication.ts';
import { requireIfMatch, setETag } from '../../etag.ts';
import type { App } from '../../fastify-types.ts';
import { IfMatchHeaders, InstanceParams } from '../../parameters.ts';
import { ChangeIntegrationBody, type ConnectorInstance, reference, responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';
import { declaredCapabilities } from './capabilities.ts';
import { presentInstance } from './present-instance.ts';

const { name, ...fields } = ChangeIntegrationBody.properties;
const Body = Type.Object({ displayName: name, ...fields }, { additionalProperties: false, minProperties: 1 });

export function changeInstance(app: App, { catalog, registry }: Services): void {
  app.patch(
    '/api/v1/connectors/instances/:instanceId',
    {
      config: { access: 'integrations.admin' },
      schema: {
        operationId: 'changeInstance',
        tags: ['connectors'],
        summary: 'Change an instance’s settings',
        params: InstanceParams,
        headers: IfMatchHeaders,
        body: Body,
        response: responses(200, reference<ConnectorInstance>('ConnectorInstance')),
      },
    },
    async (request, reply) => {
      const { displayName, ...rest } = request.body;
      const change = { ...rest, ...(displayName === undefined ? {} : { name: displayName }) };
      const integration = await catalog.update(
        acting(request),
        request.params.instanceId,
        requireIfMatch(request),
        change,
        'merge',
      );
      setETag(reply, integration.version);
      return reply.send(presentInstance(integration, declaredCapabilities(registry, integration)));
    },
  );
}
