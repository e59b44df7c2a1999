import Type from 'typebox';
import { acting } from '../../authentication.ts';
import type { App } from '../../fastify-types.ts';
import { IdParams } from '../../parameters.ts';
import { responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';

export function revokeApiKey(app: App, { access }: Services): void {
  app.delete(
    '/api/v1/api-keys/:id',
    {
      config: { access: 'integrations.admin' },
      schema: {
        operationId: 'revokeApiKey',
        tags: ['access'],
        summary: 'Revoke an API key',
        params: IdParams,
        response: responses(204, Type.Null()),
      },
    },
    async (request, reply) => {
      await access.revokeApiKey(acting(request), request.params.id);
      return reply.code(204).send(null);
    },
  );
}
