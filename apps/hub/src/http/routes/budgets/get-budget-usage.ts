import { BudgetUsage } from '@inthub/contracts';
import Type from 'typebox';
import type { App } from '../../fastify-types.ts';
import { IdParams } from '../../parameters.ts';
import { responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';

const Query = Type.Object(
  { limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 400, default: 31, description: 'Windows.' })) },
  { additionalProperties: false },
);
const Answer = Type.Object({ items: Type.Array(BudgetUsage) });

export function getBudgetUsage(app: App, { budgets }: Services): void {
  app.get(
    '/api/v1/budgets/:id/usage',
    {
      config: { access: 'integrations.read' },
      schema: {
        operationId: 'getBudgetUsage',
        tags: ['budgets'],
        summary: 'Get what was used of a budget, window by window, the newest first',
        params: IdParams,
        querystring: Query,
        response: responses(200, Answer),
      },
    },
    async (request) => {
      const items = await budgets.history(request.principal.tenantId, request.params.id, request.query.limit ?? 31);
      return { items: [...items] };
    },
  );
}
