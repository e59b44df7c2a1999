import { scopes } from '@inthub/contracts';
import Type from 'typebox';
import type { App } from '../../fastify-types.ts';
import { responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';
import { TenantBody } from '../tenants/schemas.ts';

const Answer = Type.Object({
  kind: Type.Enum(['api_key', 'user', 'system']),
  id: Type.String(),
  name: Type.String(),
  scopes: Type.Array(Type.Enum([...scopes])),
  tenant: TenantBody,
});

export function whoAmI(app: App, { access }: Services): void {
  app.get(
    '/api/v1/me',
    {
      config: { access: 'any' },
      schema: {
        operationId: 'whoAmI',
        tags: ['access'],
        summary: 'Who the credential belongs to',
        response: responses(200, Answer),
      },
    },
    async (request) => {
      const { kind, id, name, scopes: held, tenantId } = request.principal;
      return {
        kind,
        id,
        name,
        scopes: scopes.filter((scope) => held.has(scope)),
        tenant: await access.getTenant(tenantId),
      };
    },
  );
}
