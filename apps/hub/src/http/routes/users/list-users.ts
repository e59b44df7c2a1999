import { PageOf, PageQuery, pageLimits } from '@inthub/contracts';
import Type from 'typebox';
import type { App } from '../../fastify-types.ts';
import { responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';
import { UserBody } from './schemas.ts';

export function listUsers(app: App, { access }: Services): void {
  app.get(
    '/api/v1/users',
    {
      config: { access: 'integrations.admin' },
      schema: {
        operationId: 'listUsers',
        tags: ['access'],
        summary: 'List the tenant’s users',
        querystring: Type.Object(PageQuery.properties, { additionalProperties: false }),
        response: responses(200, PageOf(UserBody)),
      },
    },
    async (request) => {
      const { cursor, limit } = request.query;
      const page = await access.listUsers(request.principal.tenantId, {
        limit: limit ?? pageLimits.default,
        ...(cursor === undefined ? {} : { cursor }),
      });
      return { items: page.items.map((user) => ({ ...user, roles: [...user.roles] })), nextCursor: page.nextCursor };
    },
  );
}
