import {
  connectorCategories,
  type IntegrationStatus,
  instanceStatusOf,
  PageOf,
  PageQuery,
  pageLimits,
} from '@inthub/contracts';
import Type from 'typebox';
import type { App } from '../../fastify-types.ts';
import { type ConnectorInstance, reference, responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';
import { declaredCapabilities } from './capabilities.ts';
import { presentInstance } from './present-instance.ts';

const Query = Type.Object(
  {
    ...PageQuery.properties,
    connector: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
    category: Type.Optional(Type.Enum([...connectorCategories])),
    status: Type.Optional(Type.Enum([...Object.values(instanceStatusOf)])),
  },
  { additionalProperties: false },
);

export function listInstances(app: App, { catalog, registry }: Services): void {
  app.get(
    '/api/v1/connectors/instances',
    {
      config: { access: 'integrations.read' },
      schema: {
        operationId: 'listInstances',
        tags: ['connectors'],
        summary: 'List installed connector instances',
        querystring: Query,
        response: responses(200, PageOf(reference<ConnectorInstance>('ConnectorInstance'))),
      },
    },
    async (request) => {
      const { cursor, limit, status, ...filter } = request.query;
      const states = Object.entries(instanceStatusOf) as [IntegrationStatus, string][];
      const own = states.find(([, word]) => word === status)?.[0];
      const page = await catalog.list(
        request.principal.tenantId,
        { ...filter, ...(own === undefined ? {} : { status: own }) },
        { limit: limit ?? pageLimits.default, ...(cursor === undefined ? {} : { cursor }) },
      );
      return {
        items: page.items.map((integration) =>
          presentInstance(integration, declaredCapabilities(registry, integration)),
        ),
        nextCursor: page.nextCursor,
      };
    },
  );
}
