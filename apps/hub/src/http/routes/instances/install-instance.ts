import { HubError, invalidField } from '@inthub/contracts';
import Type from 'typebox';
import { acting } from '../../authentication.ts';
import { setETag } from '../../etag.ts';
import type { App } from '../../fastify-types.ts';
import { type ConnectorInstance, NewIntegrationBody, reference, responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';
import { declaredCapabilities } from './capabilities.ts';
import { presentInstance } from './present-instance.ts';

const { type, name, ...fields } = NewIntegrationBody.properties;
const Body = Type.Object(
  {
    connectorId: Type.String({ minLength: 1, maxLength: 64 }),
    type: Type.Optional({ ...type, description: 'Needed only when the connector offers several types.' }),
    displayName: name,
    ...fields,
  },
  { additionalProperties: false },
);

export function installInstance(app: App, { catalog, registry }: Services): void {
  app.post(
    '/api/v1/connectors/instances',
    {
      config: { access: 'integrations.admin' },
      schema: {
        operationId: 'installInstance',
        tags: ['connectors'],
        summary: 'Install a connector',
        body: Body,
        response: responses(201, reference<ConnectorInstance>('ConnectorInstance')),
      },
    },
    async (request, reply) => {
      const { connectorId, displayName, type: given, ...rest } = request.body;
      const integration = await catalog.create(acting(request), {
        ...rest,
        name: displayName,
        type: given ?? onlyType(connectorId),
      });
      setETag(reply, integration.version);
      reply.header('location', `/api/v1/connectors/instances/${integration.id}`);
      return reply.code(201).send(presentInstance(integration, declaredCapabilities(registry, integration)));
    },
  );

  function onlyType(connectorId: string): string {
    const types = registry.find(connectorId)?.definition.manifest.types.map((candidate) => candidate.id);
    if (types === undefined) {
      throw invalidField(
        '/connectorId',
        `there is no connector "${connectorId}"; GET /api/v1/connectors/registry lists them`,
        'connector',
      );
    }
    const [first, ...others] = types;
    if (first === undefined) throw new HubError('connector_unavailable');
    if (others.length > 0)
      throw invalidField('/type', `is required: ${connectorId} offers ${types.join(', ')}`, 'required');
    return first;
  }
}
