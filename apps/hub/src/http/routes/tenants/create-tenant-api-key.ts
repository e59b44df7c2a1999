import { Name, NullableTimestamp, type TenantId } from '@inthub/contracts';
import Type from 'typebox';
import { acting } from '../../authentication.ts';
import type { App } from '../../fastify-types.ts';
import { IdParams } from '../../parameters.ts';
import { responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';
import { ApiKeyBody, ScopeNames } from '../api-keys/schemas.ts';
import { RoleNames } from '../users/schemas.ts';

const Body = Type.Object(
  {
    name: Name,
    scopes: Type.Optional(ScopeNames),
    roles: Type.Optional(RoleNames),
    expiresAt: Type.Optional(NullableTimestamp),
  },
  { additionalProperties: false },
);
const Answer = Type.Object({ key: Type.String({ description: 'Shown this once only.' }), apiKey: ApiKeyBody });

/** How a platform admin hands a new tenant to its people; the tenant's own audit records it. */
export function createTenantApiKey(app: App, { access }: Services): void {
  app.post(
    '/api/v1/tenants/:id/api-keys',
    {
      config: { access: 'platform.admin' },
      schema: {
        operationId: 'createTenantApiKey',
        tags: ['access'],
        summary: 'Create an API key in any tenant',
        params: IdParams,
        body: Body,
        response: responses(201, Answer),
      },
    },
    async (request, reply) => {
      const tenant = await access.getTenant(request.params.id as TenantId);
      const { principal, requestId } = acting(request);
      const { key, apiKey } = await access.createApiKey(
        { principal: { ...principal, tenantId: tenant.id }, requestId },
        { ...request.body, scopes: request.body.scopes ?? [] },
      );
      reply.header('cache-control', 'no-store');
      return reply.code(201).send({ key, apiKey: { ...apiKey, scopes: [...apiKey.scopes] } });
    },
  );
}
