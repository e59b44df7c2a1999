import Type from 'typebox';
import { acting } from '../../authentication.ts';
import { readIfMatch } from '../../etag.ts';
import type { App } from '../../fastify-types.ts';
import { IdParams, IfMatchHeaders } from '../../parameters.ts';
import { responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';

export function deleteSubscription(app: App, { outgoingWebhooks }: Services): void {
  app.delete(
    '/api/v1/connectors/webhooks/:id',
    {
      config: { access: 'webhooks.admin' },
      schema: {
        operationId: 'deleteWebhookSubscription',
        tags: ['webhooks'],
        summary: 'Delete a webhook subscription and what it still waits for; its history stays',
        params: IdParams,
        headers: IfMatchHeaders,
        response: responses(204, Type.Null()),
      },
    },
    async (request, reply) => {
      await outgoingWebhooks.subscriptions.remove(acting(request), request.params.id, readIfMatch(request));
      return reply.code(204).send(null);
    },
  );
}
