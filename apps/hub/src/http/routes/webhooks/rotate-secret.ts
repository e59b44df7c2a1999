import Type from 'typebox';
import { acting } from '../../authentication.ts';
import { setETag } from '../../etag.ts';
import type { App } from '../../fastify-types.ts';
import { IdParams } from '../../parameters.ts';
import { responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';
import { SubscriptionWithSecrets } from './create-subscription.ts';
import { present } from './parameters.ts';

const Body = Type.Optional(
  Type.Object(
    {
      overlapHours: Type.Optional(
        Type.Number({ minimum: 0, maximum: 168, description: 'How long the old secret goes on signing. Default 24.' }),
      ),
      secret: Type.Optional(Type.String({ minLength: 16, maxLength: 512, description: 'Own secret for HMAC.' })),
    },
    { additionalProperties: false },
  ),
);

export function rotateSecret(app: App, { outgoingWebhooks }: Services): void {
  app.post(
    '/api/v1/connectors/webhooks/:id/rotate-secret',
    {
      config: { access: 'webhooks.admin' },
      schema: {
        operationId: 'rotateWebhookSecret',
        tags: ['webhooks'],
        summary: 'Replace the signing secret; the new one is shown this once, the old one signs beside it for a day',
        params: IdParams,
        body: Body,
        response: responses(200, SubscriptionWithSecrets),
      },
    },
    async (request, reply) => {
      const { overlapHours, secret } = request.body ?? {};
      const rotated = await outgoingWebhooks.subscriptions.rotate(
        acting(request),
        request.params.id,
        present({ overlapHours, secret }),
      );
      setETag(reply, rotated.version);
      return reply.send(rotated);
    },
  );
}
