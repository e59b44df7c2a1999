import { NullableTimestamp } from '@inthub/contracts';
import Type from 'typebox';
import type { App } from '../../fastify-types.ts';
import { responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';

const days = Type.Union([Type.Integer({ minimum: 1, maximum: 36_500 }), Type.Null()]);
const Setting = Type.Object({
  kind: Type.String(),
  keepDays: Type.Union([Type.Integer(), Type.Null()], {
    description: 'Null: for ever. Whole months go, once their last day is older.',
  }),
  defaultDays: Type.Union([Type.Integer(), Type.Null()]),
  leastDays: Type.Integer(),
  changedAt: NullableTimestamp,
  changedBy: Type.Union([Type.String(), Type.Null()]),
});
const Params = Type.Object({ kind: Type.String({ minLength: 1, maxLength: 64 }) });
const Body = Type.Object({ keepDays: days }, { additionalProperties: false });

export function retentionRoutes(app: App, { retention, audit, inTenant }: Services): void {
  app.get(
    '/api/v1/retention',
    {
      config: { access: 'platform.admin' },
      schema: {
        operationId: 'listRetention',
        tags: ['operations'],
        summary: 'List how long things are kept',
        response: responses(200, Type.Object({ items: Type.Array(Setting) })),
      },
    },
    async () => ({ items: [...(await retention.list())] }),
  );
  app.put(
    '/api/v1/retention/:kind',
    {
      config: { access: 'platform.admin' },
      schema: {
        operationId: 'setRetention',
        tags: ['operations'],
        summary: 'Set how long something is kept, for all tenants',
        params: Params,
        body: Body,
        response: responses(200, Setting),
      },
    },
    async ({ principal, id, params: { kind }, body: { keepDays } }) =>
      // The entry goes with the change: without the one there is not the other.
      inTenant(principal.tenantId, async (tx) => {
        const changed = await retention.set(kind, keepDays, principal.id);
        await audit.append(tx, {
          actor: principal,
          requestId: id,
          action: 'retention.set',
          target: { type: 'retention', id: kind },
          outcome: 'success',
          after: { keepDays },
        });
        return changed;
      }),
  );
}
