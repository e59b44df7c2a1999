import Type from 'typebox';
import { acting } from '../../authentication.ts';
import type { App } from '../../fastify-types.ts';
import { IdParams } from '../../parameters.ts';
import { responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';
import { present, Redrive } from './parameters.ts';

const Body = Type.Object(
  {
    since: Type.String({ format: 'date-time', description: 'Events from then on.' }),
    until: Type.Optional(Type.String({ format: 'date-time', description: 'Events before then. Default now.' })),
    which: Type.Optional(
      Type.Enum(['failed', 'missing', 'both'], {
        description: 'failed: given up. missing: never queued, for example while disabled. Default both.',
      }),
    ),
    ...Redrive,
  },
  { additionalProperties: false },
);

export function recoverDeliveries(app: App, { outgoingWebhooks }: Services): void {
  app.post(
    '/api/v1/connectors/webhooks/:id/recover',
    {
      config: { access: 'webhooks.admin' },
      schema: {
        operationId: 'recoverWebhookDeliveries',
        tags: ['webhooks'],
        summary: 'Send what a subscription did not get since a time',
        params: IdParams,
        body: Body,
        response: responses(
          200,
          Type.Object({
            failed: Type.Integer(),
            missing: Type.Integer(),
            more: Type.Boolean({ description: 'The limit was reached: ask again.' }),
          }),
        ),
      },
    },
    async (request) => {
      const { since, until, which, dryRun, pacePerSecond, limit } = request.body;
      return outgoingWebhooks.recovery.recover(acting(request), request.params.id, {
        since,
        ...present({ until, which, dryRun, pacePerSecond, limit }),
      });
    },
  );
}
