import { PageOf, PageQuery, pageLimits } from '@inthub/contracts';
import Type from 'typebox';
import type { App } from '../../fastify-types.ts';
import { IdParams } from '../../parameters.ts';
import { responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';
import { DeadLetterBody, FilterQuery } from './schemas.ts';

const Query = Type.Object({ ...PageQuery.properties, ...FilterQuery }, { additionalProperties: false });

export function listDeadLetters(app: App, { bus }: Services): void {
  app.get(
    '/api/v1/dead-letters',
    {
      config: { access: 'events.read' },
      schema: {
        operationId: 'listDeadLetters',
        tags: ['events'],
        summary: 'List events that a part of the hub gave up, newest first',
        querystring: Query,
        response: responses(200, PageOf(DeadLetterBody)),
      },
    },
    async (request) => {
      const { limit, ...query } = request.query;
      const page = await bus.deadLetters.list(request.principal.tenantId, {
        ...query,
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
        summary: 'Get a dead letter with its event and last error',
        params: IdParams,
        response: responses(200, DeadLetterBody),
      },
    },
    async (request) => bus.deadLetters.get(request.principal.tenantId, request.params.id),
  );
}
