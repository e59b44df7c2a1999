import Type from 'typebox';
import type { App } from '../../fastify-types.ts';
import { responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';

const Consumer = Type.Object({
  name: Type.String(),
  pattern: Type.String(),
  ordered: Type.Boolean(),
  served: Type.Boolean({ description: 'Whether some process serves it at present.' }),
  behind: Type.Integer({ description: 'Events of the log behind its position; counted up to 10 000.' }),
  retrying: Type.Integer({ description: 'Events that wait for a retry.' }),
  parked: Type.Integer({ description: 'Events that wait behind a failing one of their source.' }),
  deadLetters: Type.Integer(),
});

export function listConsumers(app: App, { bus }: Services): void {
  app.get(
    '/api/v1/event-consumers',
    {
      config: { access: 'platform.admin' },
      schema: {
        operationId: 'listEventConsumers',
        tags: ['operations'],
        summary: 'List the hub’s consumers of events, with what waits for them',
        response: responses(200, Type.Object({ items: Type.Array(Consumer) })),
      },
    },
    async () => ({ items: [...(await bus.consumers())] }),
  );
}
