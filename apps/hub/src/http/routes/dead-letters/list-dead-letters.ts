import { PageOf, PageQuery, pageLimits } from '@inthub/contracts';
import Type from 'typebox';
import type { App } from '../../fastify-types.ts';
import { IdParams } from '../../parameters.ts';
import { responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';
import { permittedKinds } from './permitted-kinds.ts';
import { DeadLetterBody, DeadLetterDetailBody, FilterQuery } from './schemas.ts';

const Query = Type.Object({ ...PageQuery.properties, ...FilterQuery }, { additionalProperties: false });

export function listDeadLetters(app: App, { deadLetters }: Services): void {
  app.get(
    '/api/v1/dead-letters',
    {
      config: { access: 'events.read' },
      schema: {
        operationId: 'listDeadLetters',
        tags: ['events'],
        summary: 'List what was given up, newest first: events and, with webhooks.read, outgoing deliveries',
        querystring: Query,
        response: responses(200, PageOf(DeadLetterBody)),
      },
    },
    async ({ principal, query: { limit, ...query } }) => {
      const page = await deadLetters.list(principal.tenantId, {
        ...query,
        kinds: permittedKinds(principal, 'webhooks.read', query.kind),
        limit: limit ?? pageLimits.default,
      });
      return { items: [...page.items], nextCursor: page.nextCursor };
    },
  );
  app.get(
    '/api/v1/dead-letters/:id',
    {
      config: { access: 'events.read' },
      schema: {
        operationId: 'getDeadLetter',
        tags: ['events'],
        summary: 'Get a dead letter with its event and last error; of a delivery also every attempt',
        params: IdParams,
        response: responses(200, DeadLetterDetailBody),
      },
    },
    async ({ principal, params }) => {
      const kinds = permittedKinds(principal, 'webhooks.read', undefined);
      const { attemptLog, ...letter } = await deadLetters.get(principal.tenantId, params.id, kinds);
      return attemptLog === undefined ? letter : { ...letter, attemptLog: [...attemptLog] };
    },
  );
}
