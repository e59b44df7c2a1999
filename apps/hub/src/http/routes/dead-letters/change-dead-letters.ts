import Type from 'typebox';
import type { App } from '../../fastify-types.ts';
import { responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';
import { Counted, Filter } from './schemas.ts';

const limit = Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000, default: 10_000 }));
const dryRun = Type.Optional(Type.Boolean({ default: false, description: 'True counts and changes nothing.' }));
const Redrive = Type.Object(
  {
    filter: Filter,
    dryRun,
    pacePerSecond: Type.Optional(Type.Number({ minimum: 0.1, maximum: 1_000, default: 10 })),
    limit,
  },
  { additionalProperties: false },
);
const Drop = Type.Object({ filter: Filter, dryRun, limit }, { additionalProperties: false });

export function changeDeadLetters(app: App, { bus, audit }: Services): void {
  app.post(
    '/api/v1/dead-letters/redrive',
    {
      config: { access: 'integrations.admin' },
      schema: {
        operationId: 'redriveDeadLetters',
        tags: ['events'],
        summary: 'Send dead letters to their consumers again, oldest first, at a pace',
        body: Redrive,
        response: responses(200, Counted),
      },
    },
    async ({ principal, id, body: { filter, ...options } }) => {
      const done = await bus.deadLetters.redrive(principal.tenantId, filter, {
        ...options,
        record: (tx, count) =>
          audit.append(tx, {
            actor: principal,
            requestId: id,
            action: 'dead_letter.redrive',
            target: { type: 'dead_letter', id: 'filter' },
            outcome: 'success',
            details: { filter, count, pacePerSecond: options.pacePerSecond ?? 10 },
          }),
      });
      return { ...done, dryRun: options.dryRun ?? false };
    },
  );
  app.post(
    '/api/v1/dead-letters/drop',
    {
      config: { access: 'integrations.admin' },
      schema: {
        operationId: 'dropDeadLetters',
        tags: ['events'],
        summary: 'Delete dead letters',
        body: Drop,
        response: responses(200, Counted),
      },
    },
    async ({ principal, id, body: { filter, ...options } }) => {
      const done = await bus.deadLetters.drop(principal.tenantId, filter, {
        ...options,
        record: (tx, count) =>
          audit.append(tx, {
            actor: principal,
            requestId: id,
            action: 'dead_letter.drop',
            target: { type: 'dead_letter', id: 'filter' },
            outcome: 'success',
            details: { filter, count },
          }),
      });
      return { ...done, dryRun: options.dryRun ?? false };
    },
  );
}
