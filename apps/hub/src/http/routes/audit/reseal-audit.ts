import type { TenantId } from '@inthub/contracts';
import Type from 'typebox';
import { acting } from '../../authentication.ts';
import type { App } from '../../fastify-types.ts';
import { responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';

const Body = Type.Object(
  {
    tenantId: Type.Optional(Type.String({ format: 'uuid', description: 'Default: the caller’s own.' })),
    reason: Type.String({ minLength: 1, maxLength: 1000, description: 'Why the key is gone; goes into the audit.' }),
  },
  { additionalProperties: false },
);
const Answer = Type.Object({
  tenantId: Type.String(),
  entries: Type.Integer({ description: 'Entries that were walked, each fitting the one before.' }),
  formerHead: Type.Object(
    { seq: Type.Integer(), hash: Type.String() },
    { description: 'The end of the chain before; compare it with one that was written down elsewhere.' },
  ),
});

export function resealAudit(app: App, { access, audit }: Services): void {
  app.post(
    '/api/v1/audit/reseal',
    {
      config: { access: 'platform.admin' },
      schema: {
        operationId: 'resealAudit',
        tags: ['audit'],
        summary: 'Seal a tenant’s hash chain anew after its key was lost for good',
        body: Body,
        response: responses(200, Answer),
      },
    },
    async (request) => {
      const { principal, requestId } = acting(request);
      const { reason } = request.body;
      const { id } = await access.getTenant((request.body.tenantId ?? principal.tenantId) as TenantId);
      const sealed = await audit.reseal(id, { principal, requestId, reason });
      request.log.warn(
        { tenantId: id, actorId: principal.id, formerHead: sealed.formerHead },
        'audit chain sealed anew',
      );
      return { ...sealed };
    },
  );
}
