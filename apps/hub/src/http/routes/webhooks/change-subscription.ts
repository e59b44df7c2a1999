import { WebhookSubscriptionChange } from '@inthub/contracts';
import { acting } from '../../authentication.ts';
import { requireIfMatch, setETag } from '../../etag.ts';
import type { App } from '../../fastify-types.ts';
import { IdParams, IfMatchHeaders } from '../../parameters.ts';
import { responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';
import { SubscriptionRef } from './parameters.ts';

/** PATCH changes the fields that are given; `headers` is merged by name, null removes one (RFC 7396). */
export function changeSubscription(app: App, { outgoingWebhooks }: Services): void {
  app.patch(
    '/api/v1/connectors/webhooks/:id',
    {
      config: { access: 'webhooks.admin' },
      schema: {
        operationId: 'changeWebhookSubscription',
        tags: ['webhooks'],
        summary: 'Change some of a webhook subscription’s settings',
        params: IdParams,
        headers: IfMatchHeaders,
        body: WebhookSubscriptionChange,
        response: responses(200, SubscriptionRef),
      },
    },
    async (request, reply) => {
      const version = requireIfMatch(request);
      const changed = await outgoingWebhooks.subscriptions.change(
        acting(request),
        request.params.id,
        version,
        request.body,
      );
      setETag(reply, changed.version);
      return reply.send(changed);
    },
  );
}
