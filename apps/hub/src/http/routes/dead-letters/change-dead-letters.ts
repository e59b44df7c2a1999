import type { Principal } from '@inthub/contracts';
import Type, { type Static } from 'typebox';
import type { App } from '../../fastify-types.ts';
import { responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';
import { permittedKinds } from './permitted-kinds.ts';
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

export function changeDeadLetters(app: App, { deadLetters, audit }: Services): void {
  /** Who may change what, and the audit entry of it. */
  function changing(
    caller: { readonly principal: Principal; readonly id: string },
    what: 'redrive' | 'drop',
    { filter, ...details }: { filter: Static<typeof Filter>; pacePerSecond?: number },
  ): Pick<NonNullable<Parameters<typeof deadLetters.drop>[2]>, 'kinds' | 'record'> {
    return {
      kinds: permittedKinds(caller.principal, 'webhooks.admin', filter.kind),
      record: (tx, changed) =>
        audit.append(tx, {
          actor: caller.principal,
          requestId: caller.id,
          action: `dead_letter.${what}`,
          target: { type: 'dead_letter', id: 'filter' },
          outcome: 'success',
          details: { filter, ...changed, ...details },
        }),
    };
  }

  app.post(
    '/api/v1/dead-letters/redrive',
    {
      config: { access: 'integrations.admin' },
      schema: {
        operationId: 'redriveDeadLetters',
        tags: ['events'],
        summary: 'Send dead letters again, oldest first, at a pace: events and, with webhooks.admin, deliveries',
        body: Redrive,
        response: responses(200, Counted),
      },
    },
    async ({ principal, id, body: { filter, dryRun = false, pacePerSecond = 10, ...options } }) => {
      const done = await deadLetters.redrive(principal.tenantId, filter, {
        ...options,
        dryRun,
        pacePerSecond,
        ...changing({ principal, id }, 'redrive', { filter, pacePerSecond }),
      });
      return { ...done, dryRun };
    },
  );
  app.post(
    '/api/v1/dead-letters/drop',
    {
      config: { access: 'integrations.admin' },
      schema: {
        operationId: 'dropDeadLetters',
        tags: ['events'],
        summary: 'Give dead letters up for good: events are deleted, deliveries stay in the history as skipped',
        body: Drop,
        response: responses(200, Counted),
      },
    },
    async ({ principal, id, body: { filter, dryRun = false, ...options } }) => {
      const done = await deadLetters.drop(principal.tenantId, filter, {
        ...options,
        dryRun,
        ...changing({ principal, id }, 'drop', { filter }),
      });
      return { ...done, dryRun };
    },
  );
}
