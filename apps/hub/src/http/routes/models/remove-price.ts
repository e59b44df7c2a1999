import Type from 'typebox';
import { acting } from '../../authentication.ts';
import type { App } from '../../fastify-types.ts';
import { responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';
import { RemovePriceQuery } from './schemas.ts';

/** Back to the platform's price, or the connector's. */
export function removeModelPrice(app: App, { models }: Services): void {
  app.delete(
    '/api/v1/model-prices',
    {
      config: { access: 'integrations.admin' },
      schema: {
        operationId: 'removeModelPrice',
        tags: ['models'],
        summary: 'Remove a price of one’s own',
        querystring: RemovePriceQuery,
        response: responses(204, Type.Null()),
      },
    },
    async (request, reply) => {
      const { connectorId, model, scope = 'tenant' } = request.query;
      await models.prices.remove(acting(request), scope, connectorId, model);
      return reply.code(204).send(null);
    },
  );
}
