import { connectorCategories } from '@inthub/contracts';
import Type from 'typebox';
import type { App } from '../../fastify-types.ts';
import { type IntegrationType, reference, responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';
import { presentType } from './present-type.ts';

const Query = Type.Object(
  {
    category: Type.Optional(Type.Enum([...connectorCategories])),
    connector: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
  },
  { additionalProperties: false },
);

export function listTypes(app: App, { catalog }: Services): void {
  app.get(
    '/api/v1/integration-types',
    {
      config: { access: 'integrations.read' },
      schema: {
        operationId: 'listIntegrationTypes',
        tags: ['integration types'],
        summary: 'List what can be installed',
        querystring: Query,
        response: responses(
          200,
          Type.Object({ items: Type.Array(reference<IntegrationType>('IntegrationType')), nextCursor: Type.Null() }),
        ),
      },
    },
    async (request) => ({ items: catalog.types(request.query).map(presentType), nextCursor: null }),
  );
}
