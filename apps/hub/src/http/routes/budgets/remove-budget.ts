import Type from 'typebox';
import { acting } from '../../authentication.ts';
import type { App } from '../../fastify-types.ts';
import { IdParams } from '../../parameters.ts';
import { responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';

export function removeBudget(app: App, { budgets }: Services): void {
  app.delete(
    '/api/v1/budgets/:id',
    {
      config: { access: 'integrations.admin' },
      schema: {
        operationId: 'removeBudget',
        tags: ['budgets'],
        summary: 'Remove a budget with its history',
        params: IdParams,
        response: responses(204, Type.Null()),
      },
    },
    async (request, reply) => {
      await budgets.remove(acting(request), request.params.id);
      return reply.code(204).send(null);
    },
  );
}
