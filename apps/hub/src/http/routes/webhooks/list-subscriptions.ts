import { PageOf, PageQuery, pageLimits } from '@inthub/contracts';
import Type from 'typebox';
import type { App } from '../../fastify-types.ts';
import { responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';
import { SubscriptionRef } from './parameters.ts';

const Query = Type.Object(
  { ...PageQuery.properties, active: Type.Optional(Type.Boolean()) },
  { additionalProperties: false },
);

export function listSubscriptions(app: App, { outgoingWebhooks }: Services): void {
  app.get(
    '/api/v1/connectors/webhooks',
    {
      config: { access: 'webhooks.read' },
      schema: {
        operationId: 'listWebhookSubscriptions',
        tags: ['webhooks'],
        summary: 'List webhook subscriptions, newest first',
        querystring: Query,
        response: responses(200, PageOf(SubscriptionRef)),
      },
    },
    async (request) => {
      const { limit, cursor, active } = request.query;
      const page = await outgoingWebhooks.subscriptions.list(request.principal.tenantId, {
        limit: limit ?? pageLimits.default,
        ...(cursor === undefined ? {} : { cursor }),
        ...(active === undefined ? {} : { active }),
      });
      return { items: [...page.items], nextCursor: page.nextCursor };
    },
  );
}
