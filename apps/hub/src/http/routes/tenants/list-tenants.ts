import { PageOf, PageQuery, pageLimits } from '@inthub/contracts';
import Type from 'typebox';
import type { App } from '../../fastify-types.ts';
import { responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';
import { TenantBody } from './schemas.ts';

export function listTenants(app: App, { access }: Services): void {
  app.get(
    '/api/v1/tenants',
    {
      config: { access: 'platform.admin' },
      schema: {
        operationId: 'listTenants',
        tags: ['access'],
        summary: 'List tenants',
        querystring: Type.Object(PageQuery.properties, { additionalProperties: false }),
        response: responses(200, PageOf(TenantBody)),
      },
    },
    async (request) => {
      const { cursor, limit } = request.query;
      const page = await access.listTenants({
        limit: limit ?? pageLimits.default,
        ...(cursor === undefined ? {} : { cursor }),
      });
      return { items: [...page.items], nextCursor: page.nextCursor };
    },
  );
}
