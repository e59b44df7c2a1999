import { Name, type TenantId } from '@inthub/contracts';
import Type from 'typebox';
import { acting } from '../../authentication.ts';
import type { App } from '../../fastify-types.ts';
import { IdParams } from '../../parameters.ts';
import { responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';
import { EgressAllow, TenantBody } from './schemas.ts';

const Body = Type.Object(
  {
    name: Type.Optional(Name),
    approvalRequired: Type.Optional(Type.Boolean()),
    offline: Type.Optional(Type.Boolean()),
    egressAllow: Type.Optional(EgressAllow),
  },
  { additionalProperties: false, minProperties: 1 },
);

export function changeTenant(app: App, { access }: Services): void {
  app.patch(
    '/api/v1/tenants/:id',
    {
      config: { access: 'platform.admin' },
      schema: {
        operationId: 'changeTenant',
        tags: ['access'],
        summary: 'Rename a tenant, or set its approval policy and what may be sent for it',
        params: IdParams,
        body: Body,
        response: responses(200, TenantBody),
      },
    },
    async (request) => access.updateTenant(acting(request), request.params.id as TenantId, request.body),
  );
}
