import Type from 'typebox';
import { acting } from '../../authentication.ts';
import { readIfMatch } from '../../etag.ts';
import type { App } from '../../fastify-types.ts';
import { IfMatchHeaders, InstanceParams } from '../../parameters.ts';
import { responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';

const Query = Type.Object(
  { deleteData: Type.Boolean({ default: true }), revokeTokens: Type.Boolean({ default: true }) },
  { additionalProperties: false },
);

export function uninstallInstance(app: App, { catalog, inboundWebhooks }: Services): void {
  app.delete(
    '/api/v1/connectors/instances/:instanceId',
    {
      config: { access: 'integrations.admin' },
      schema: {
        operationId: 'uninstallInstance',
        tags: ['connectors'],
        summary: 'Uninstall an instance and destroy its credentials',
        params: InstanceParams,
        headers: IfMatchHeaders,
        querystring: Query,
        response: responses(204, Type.Null()),
      },
    },
    async (request, reply) => {
      const expectedVersion = readIfMatch(request);
      // While the credential is still there; what the product does not answer to is logged and stays behind there.
      if (request.query.revokeTokens)
        await inboundWebhooks.endpoints.deregisterAll(acting(request), request.params.instanceId);
      await catalog.uninstall(acting(request), request.params.instanceId, {
        ...request.query,
        ...(expectedVersion === undefined ? {} : { expectedVersion }),
      });
      return reply.code(204).send(null);
    },
  );
}
