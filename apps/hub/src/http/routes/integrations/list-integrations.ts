import {
  connectorCategories,
  healthStatuses,
  type Integration,
  integrationStatuses,
  PageOf,
  PageQuery,
  pageLimits,
} from '@inthub/contracts';
import Type from 'typebox';
import type { App } from '../../fastify-types.ts';
import { IntegrationRef, responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';

const text = (maxLength: number, description: string) =>
  Type.Optional(Type.String({ minLength: 1, maxLength, description }));

const Query = Type.Object(
  {
    ...PageQuery.properties,
    type: text(128, 'Integration type, for example registry.oci.'),
    category: Type.Optional(Type.Enum([...connectorCategories])),
    connector: text(64, 'Connector id.'),
    status: Type.Optional(Type.Enum([...integrationStatuses])),
    health: Type.Optional(Type.Enum([...healthStatuses])),
    environment: text(64, 'Exact environment.'),
    tag: text(64, 'One tag.'),
    owner: text(256, 'Owner id.'),
    q: text(128, 'Free text in name and description.'),
  },
  { additionalProperties: false },
);

export function listIntegrations(app: App, { catalog }: Services): void {
  app.get(
    '/api/v1/integrations',
    {
      config: { access: 'integrations.read' },
      schema: {
        operationId: 'listIntegrations',
        tags: ['integrations'],
        summary: 'List integrations by name, then id',
        querystring: Query,
        response: responses(200, PageOf(IntegrationRef)),
      },
    },
    async (request) => {
      const { cursor, limit, ...filter } = request.query;
      const page = await catalog.list(request.principal.tenantId, filter, {
        limit: limit ?? pageLimits.default,
        ...(cursor === undefined ? {} : { cursor }),
      });
      return { items: page.items as Integration[], nextCursor: page.nextCursor };
    },
  );
}
