import { connectorCategories } from '@inthub/contracts';
import Type from 'typebox';
import type { App } from '../../fastify-types.ts';
import { responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';
import { ConnectorDetails, presentConnector } from './present-connector.ts';

const Query = Type.Object(
  { category: Type.Optional(Type.Enum([...connectorCategories])) },
  { additionalProperties: false },
);
const Body = Type.Object({
  items: Type.Array(ConnectorDetails),
  nextCursor: Type.Null(),
  broken: Type.Array(Type.Object({ path: Type.String(), reason: Type.String() }), {
    description: 'Plugins that could not be loaded, and why.',
  }),
});

export function listConnectors(app: App, { registry }: Services): void {
  app.get(
    '/api/v1/connectors/registry',
    {
      config: { access: 'integrations.read' },
      schema: {
        operationId: 'listConnectors',
        tags: ['connectors'],
        summary: 'List available connectors',
        querystring: Query,
        response: responses(200, Body),
      },
    },
    async (request) => {
      const { category } = request.query;
      const wanted = registry
        .list()
        .filter(
          ({ definition }) =>
            category === undefined || definition.manifest.types.some((type) => type.category === category),
        );
      return {
        items: wanted.map(presentConnector),
        nextCursor: null,
        broken: registry.broken().map((plugin) => ({ ...plugin })),
      };
    },
  );
}
