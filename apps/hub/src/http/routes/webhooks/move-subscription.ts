import { acting } from '../../authentication.ts';
import { setETag } from '../../etag.ts';
import type { App } from '../../fastify-types.ts';
import { IdParams } from '../../parameters.ts';
import { responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';
import { SubscriptionRef } from './parameters.ts';

const moves = {
  enable: 'Switch a webhook subscription on: what waits is delivered, with a clean slate for its endpoint',
  disable: 'Switch a webhook subscription off: what waits is kept, new events are not queued',
} as const;

export function moveSubscription(app: App, { outgoingWebhooks }: Services): void {
  for (const move of ['enable', 'disable'] as const) {
    app.post(
      `/api/v1/connectors/webhooks/:id/${move}`,
      {
        config: { access: 'webhooks.admin' },
        schema: {
          operationId: `${move}WebhookSubscription`,
          tags: ['webhooks'],
          summary: moves[move],
          params: IdParams,
          response: responses(200, SubscriptionRef),
        },
      },
      async (request, reply) => {
        const moved = await outgoingWebhooks.subscriptions[move](acting(request), request.params.id);
        setETag(reply, moved.version);
        return reply.send(moved);
      },
    );
  }
}
