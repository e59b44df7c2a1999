import { PageOf, PageQuery, pageLimits } from '@inthub/contracts';
import Type from 'typebox';
import type { App } from '../../fastify-types.ts';
import { responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';
import { ApiKeyBody } from './schemas.ts';

export function listApiKeys(app: App, { access }: Services): void {
  app.get(
    '/api/v1/api-keys',
    {
      config: { access: 'integrations.admin' },
      schema: {
        operationId: 'listApiKeys',
        tags: ['access'],
        summary: 'List the tenant’s API keys, without their secrets',
        querystring: Type.Object(PageQuery.properties, { additionalProperties: false }),
        response: responses(200, PageOf(ApiKeyBody)),
      },
    },
    async (request) => {
      const { cursor, limit } = request.query;
      const page = await access.listApiKeys(request.principal.tenantId, {
        limit: limit ?? pageLimits.default,
        ...(cursor === undefined ? {} : { cursor }),
      });
      return {
        items: page.items.map((apiKey) => ({ ...apiKey, scopes: [...apiKey.scopes] })),
        nextCursor: page.nextCursor,
      };
    },
  );
}
