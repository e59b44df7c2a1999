import Type from 'typebox';
import { acting } from '../../authentication.ts';
import type { App } from '../../fastify-types.ts';
import { responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';
import { EventFilter, present, Redrive } from './parameters.ts';

const Body = Type.Object(
  {
    ...EventFilter,
    subscriptionId: Type.Optional(Type.String({ format: 'uuid' })),
    ids: Type.Optional(Type.Array(Type.String({ format: 'uuid' }), { minItems: 1, maxItems: 1_000 })),
    ...Redrive,
  },
  { additionalProperties: false },
);

export function redriveDeliveries(app: App, { outgoingWebhooks }: Services): void {
  app.post(
    '/api/v1/connectors/webhooks/dead-letters/redrive',
    {
      config: { access: 'webhooks.admin' },
      schema: {
        operationId: 'redriveDeadWebhookDeliveries',
        tags: ['webhooks'],
        summary: 'Send deliveries that were given up or parked again, by filter, at a pace',
        body: Body,
        response: responses(200, Type.Object({ count: Type.Integer(), more: Type.Boolean() })),
      },
    },
    async (request) => {
      const { type, since, until, subscriptionId, ids, dryRun, pacePerSecond, limit } = request.body;
      return outgoingWebhooks.recovery.redrive(
        acting(request),
        present({ type, since, until, subscriptionId, ids }),
        present({ dryRun, pacePerSecond, limit }),
      );
    },
  );
}
