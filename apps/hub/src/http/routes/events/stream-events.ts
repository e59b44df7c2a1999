import { cloudEventOf } from '@inthub/contracts';
import Type from 'typebox';
import type { StreamItem } from '../../../events/events.ts';
import { sendText } from '../../event-stream.ts';
import type { App } from '../../fastify-types.ts';
import { responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';
import { SourceQuery, TypePatternQuery, wantsCloudEvents } from './event-query.ts';

const Query = Type.Object(
  {
    type: TypePatternQuery,
    source: SourceQuery,
    lastEventId: Type.Optional(
      Type.String({
        format: 'uuid',
        description: 'The same as the header Last-Event-ID, for clients that cannot set it.',
      }),
    ),
  },
  { additionalProperties: false },
);
const Headers = Type.Object({
  'last-event-id': Type.Optional(
    Type.String({ format: 'uuid', description: 'Goes on behind this event; browsers send it when they reconnect.' }),
  ),
});

export function streamEvents(app: App, { streams }: Services): void {
  // An open stream never ends by itself, and would keep the server from closing.
  app.addHook('preClose', async () => streams.close());
  app.get(
    '/api/v1/events/stream',
    {
      config: { access: 'events.read' },
      schema: {
        operationId: 'streamEvents',
        tags: ['events'],
        summary: 'Follow events live, as server-sent events',
        description:
          'Each event has its type as `event`, its id as `id` and the envelope as `data`. A comment comes every 15 s. The hub ends the stream with the event `cut_off`, whose data names the reason: too_slow, too_far_behind or closing. At most 20 streams a tenant and process.',
        querystring: Query,
        headers: Headers,
        produces: ['text/event-stream'],
        response: responses(200, Type.String({ description: 'text/event-stream' })),
      },
    },
    async (request, reply) => {
      const { lastEventId = request.headers['last-event-id'], ...query } = request.query;
      const stream = await streams.open(request.principal.tenantId, {
        ...query,
        ...(lastEventId === undefined ? {} : { lastEventId }),
      });
      const asCloudEvents = wantsCloudEvents(request);
      return sendText(reply, frames(stream.items, asCloudEvents), stream.stop);
    },
  );
}

async function* frames(items: AsyncIterable<StreamItem>, asCloudEvents: boolean): AsyncGenerator<string> {
  // Tells the reader that it is heard, before anything happens.
  yield 'retry: 2000\n\n';
  for await (const item of items) {
    if (item.kind === 'event') {
      const data = asCloudEvents ? cloudEventOf(item.event) : item.event;
      yield `event: ${item.event.type}\nid: ${item.event.id}\ndata: ${JSON.stringify(data)}\n\n`;
    } else yield `event: cut_off\ndata: ${JSON.stringify({ reason: item.reason })}\n\n`;
  }
}
