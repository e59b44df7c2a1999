import Type from 'typebox';
import { acting } from '../../authentication.ts';
import { readIfMatch } from '../../etag.ts';
import type { App } from '../../fastify-types.ts';
import { IdParams, IfMatchHeaders } from '../../parameters.ts';
import { responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';

export function deleteProfile(app: App, { catalog }: Services): void {
  app.delete(
    '/api/v1/connection-profiles/:id',
    {
      config: { access: 'integrations.admin' },
      schema: {
        operationId: 'deleteConnectionProfile',
        tags: ['connection-profiles'],
        summary: 'Delete a connection profile; integrations made from it stay as they are',
        params: IdParams,
        headers: IfMatchHeaders,
        response: responses(204, Type.Null()),
      },
    },
    async (request, reply) => {
      const expectedVersion = readIfMatch(request);
      const options = expectedVersion === undefined ? {} : { expectedVersion };
      await catalog.profiles.remove(acting(request), request.params.id, options);
      return reply.code(204).send(null);
    },
  );
}
