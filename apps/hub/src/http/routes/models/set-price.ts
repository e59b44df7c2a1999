import { acting } from '../../authentication.ts';
import type { App } from '../../fastify-types.ts';
import { responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';
import { EffectivePrice, SetPriceBody } from './schemas.ts';

export function setModelPrice(app: App, { models }: Services): void {
  app.put(
    '/api/v1/model-prices',
    {
      config: { access: 'integrations.admin' },
      schema: {
        operationId: 'setModelPrice',
        tags: ['models'],
        summary: 'Set what a model costs',
        body: SetPriceBody,
        response: responses(200, EffectivePrice),
      },
    },
    async (request) => {
      const { connectorId, scope = 'tenant', ...price } = request.body;
      return models.prices.set(acting(request), scope, connectorId, price);
    },
  );
}
