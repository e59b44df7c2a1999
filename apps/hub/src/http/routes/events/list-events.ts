import { cloudEventOf, PageQuery, pageLimits } from '@inthub/contracts';
import Type from 'typebox';
import type { App } from '../../fastify-types.ts';
import { responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';
import { EventPage, inAskedForm, SourceQuery, TypePatternQuery } from './event-query.ts';

const Query = Type.Object(
  { ...PageQuery.properties, type: TypePatternQuery, source: SourceQuery },
  { additionalProperties: false },
);

export function listEvents(app: App, { events }: Services): void {
  app.get(
    '/api/v1/events',
    {
      config: { access: 'events.read' },
      schema: {
        operationId: 'listEvents',
        tags: ['events'],
        summary: 'List events, newest first; as CloudEvents with Accept: application/cloudevents+json',
        querystring: Query,
        response: responses(200, EventPage),
      },
    },
    async (request, reply) => {
      const { limit, ...query } = request.query;
      const page = await events.list(request.principal.tenantId, { ...query, limit: limit ?? pageLimits.default });
      const own = { items: [...page.items], nextCursor: page.nextCursor };
      return inAskedForm(request, reply, own, () => ({ ...own, items: own.items.map(cloudEventOf) }));
    },
  );
}
