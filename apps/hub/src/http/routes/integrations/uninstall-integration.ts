import Type from 'typebox';
import { acting } from '../../authentication.ts';
import { readIfMatch } from '../../etag.ts';
import type { App } from '../../fastify-types.ts';
import { IdParams, IfMatchHeaders } from '../../parameters.ts';
import { responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';

const Query = Type.Object(
  {
    deleteData: Type.Boolean({ default: true, description: 'Also drop synced data.' }),
    revokeTokens: Type.Boolean({ default: true, description: 'Also revoke tokens at the provider where it can.' }),
  },
  { additionalProperties: false },
);

export function uninstallIntegration(app: App, { catalog, inboundWebhooks }: Services): void {
  app.delete(
    '/api/v1/integrations/:id',
    {
      config: { access: 'integrations.admin' },
      schema: {
        operationId: 'uninstallIntegration',
        tags: ['integrations'],
        summary: 'Uninstall an integration and destroy its credentials',
        params: IdParams,
        headers: IfMatchHeaders,
        querystring: Query,
        response: responses(204, Type.Null()),
      },
    },
    async (request, reply) => {
      const expectedVersion = readIfMatch(request);
      // While the credential is still there; what the product does not answer to is logged and stays behind there.
      if (request.query.revokeTokens) await inboundWebhooks.endpoints.deregisterAll(acting(request), request.params.id);
      await catalog.uninstall(acting(request), request.params.id, {
        ...request.query,
        ...(expectedVersion === undefined ? {} : { expectedVersion }),
      });
      return reply.code(204).send(null);
    },
  );
}
