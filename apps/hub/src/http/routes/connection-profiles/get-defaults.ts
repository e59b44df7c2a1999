import type { ConnectionDefaults } from '@inthub/contracts';
import Type from 'typebox';
import type { App } from '../../fastify-types.ts';
import { reference, responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';

const Query = Type.Object(
  {
    type: Type.String({ minLength: 1, maxLength: 128, description: 'Integration type.' }),
    template: Type.Optional(
      Type.String({ minLength: 1, maxLength: 128, description: 'Name of one of its templates.' }),
    ),
  },
  { additionalProperties: false },
);

export function getDefaults(app: App, { catalog }: Services): void {
  app.get(
    '/api/v1/connection-profiles/defaults',
    {
      config: { access: 'integrations.read' },
      schema: {
        operationId: 'getConnectionDefaults',
        tags: ['connection-profiles'],
        summary: 'What to begin a new integration with: template, then default profile, then what was used last',
        querystring: Query,
        response: responses(200, reference<ConnectionDefaults>('ConnectionDefaults')),
      },
    },
    async (request) => {
      const { type, template } = request.query;
      return catalog.profiles.defaults(request.principal.tenantId, type, template);
    },
  );
}
