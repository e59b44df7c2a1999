import Type from 'typebox';
import type { App } from '../../fastify-types.ts';
import { responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';

const Answer = Type.Object({
  intact: Type.Boolean(),
  entries: Type.Integer(),
  firstBroken: Type.Union([Type.Object({ seq: Type.Integer(), problem: Type.String() }), Type.Null()]),
  head: Type.Union([Type.Object({ seq: Type.Integer(), hash: Type.String() }), Type.Null()], {
    description: 'Newest entry. Written down elsewhere, it proves later that the whole chain was not rolled back.',
  }),
});

export function verifyAudit(app: App, { audit }: Services): void {
  app.post(
    '/api/v1/audit/verify',
    {
      config: { access: 'audit.read' },
      schema: {
        operationId: 'verifyAudit',
        tags: ['audit'],
        summary: 'Verify the tenant’s hash chain',
        response: responses(200, Answer),
      },
    },
    async (request) => audit.verify(request.principal.tenantId),
  );
}
