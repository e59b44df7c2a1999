import { Budget, PageOf, PageQuery, pageLimits } from '@inthub/contracts';
import Type from 'typebox';
import type { App } from '../../fastify-types.ts';
import { responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';

const Query = Type.Object(
  {
    integrationId: Type.Optional(
      Type.String({ maxLength: 64, description: 'Budgets of this integration alone; without, all of the tenant.' }),
    ),
    ...PageQuery.properties,
  },
  { additionalProperties: false },
);

export function listBudgets(app: App, { budgets }: Services): void {
  app.get(
    '/api/v1/budgets',
    {
      config: { access: 'integrations.read' },
      schema: {
        operationId: 'listBudgets',
        tags: ['budgets'],
        summary: 'List budgets with what is used of them now',
        querystring: Query,
        response: responses(200, PageOf(Budget)),
      },
    },
    async (request) => {
      const { integrationId, cursor, limit } = request.query;
      const page = await budgets.list(request.principal.tenantId, {
        limit: limit ?? pageLimits.default,
        ...(integrationId === undefined ? {} : { integrationId }),
        ...(cursor === undefined ? {} : { cursor }),
      });
      return { items: [...page.items], nextCursor: page.nextCursor };
    },
  );
}
