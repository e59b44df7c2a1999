import { Name } from '@inthub/contracts';
import Type from 'typebox';
import { acting } from '../../authentication.ts';
import type { App } from '../../fastify-types.ts';
import { responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';
import { Slug, TenantBody } from './schemas.ts';

const Body = Type.Object(
  { slug: Slug, name: Name, approvalRequired: Type.Optional(Type.Boolean()) },
  { additionalProperties: false },
);

export function createTenant(app: App, { access }: Services): void {
  app.post(
    '/api/v1/tenants',
    {
      config: { access: 'platform.admin' },
      schema: {
        operationId: 'createTenant',
        tags: ['access'],
        summary: 'Create a tenant',
        body: Body,
        response: responses(201, TenantBody),
      },
    },
    async (request, reply) => reply.code(201).send(await access.createTenant(acting(request), request.body)),
  );
}
