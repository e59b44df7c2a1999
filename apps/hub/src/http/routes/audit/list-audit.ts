import { PageOf, PageQuery, pageLimits, Timestamp } from '@inthub/contracts';
import Type from 'typebox';
import type { App } from '../../fastify-types.ts';
import { responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';

const text = (maxLength: number) => Type.Optional(Type.String({ minLength: 1, maxLength }));
const Query = Type.Object(
  {
    ...PageQuery.properties,
    action: text(128),
    actorId: text(256),
    targetId: text(256),
    since: Type.Optional(Timestamp),
    until: Type.Optional(Timestamp),
  },
  { additionalProperties: false },
);

const Entry = Type.Object({
  id: Type.String(),
  seq: Type.Integer(),
  at: Timestamp,
  hash: Type.String(),
  actor: Type.Object({ kind: Type.String(), id: Type.String(), name: Type.String() }),
  action: Type.String(),
  target: Type.Object({ type: Type.String(), id: Type.String(), name: Type.Optional(Type.String()) }),
  outcome: Type.Enum(['success', 'failure', 'denied']),
  requestId: Type.String(),
  before: Type.Optional(Type.Unknown()),
  after: Type.Optional(Type.Unknown()),
  reason: Type.Optional(Type.String()),
  ticket: Type.Optional(Type.String()),
  approver: Type.Optional(Type.String()),
  details: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
});

export function listAudit(app: App, { audit }: Services): void {
  app.get(
    '/api/v1/audit',
    {
      config: { access: 'audit.read' },
      schema: {
        operationId: 'listAudit',
        tags: ['audit'],
        summary: 'List audit entries, newest first',
        querystring: Query,
        response: responses(200, PageOf(Entry)),
      },
    },
    async (request) => {
      const { limit, ...query } = request.query;
      const page = await audit.list(request.principal.tenantId, { ...query, limit: limit ?? pageLimits.default });
      return {
        items: page.items.map((entry) => ({
          ...entry,
          ...(entry.details === undefined ? {} : { details: { ...entry.details } }),
        })),
        nextCursor: page.nextCursor,
      };
    },
  );
}
