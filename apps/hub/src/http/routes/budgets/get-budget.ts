import { Budget } from '@inthub/contracts';
import type { App } from '../../fastify-types.ts';
import { IdParams } from '../../parameters.ts';
import { responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';

export function getBudget(app: App, { budgets }: Services): void {
  app.get(
    '/api/v1/budgets/:id',
    {
      config: { access: 'integrations.read' },
      schema: {
        operationId: 'getBudget',
        tags: ['budgets'],
        summary: 'Get a budget with what is used of it now',
        params: IdParams,
        response: responses(200, Budget),
      },
    },
    async (request) => budgets.get(request.principal.tenantId, request.params.id),
  );
}
