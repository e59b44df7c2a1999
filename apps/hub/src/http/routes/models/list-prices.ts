import Type from 'typebox';
import type { App } from '../../fastify-types.ts';
import { responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';
import { EffectivePrice } from './schemas.ts';

const Query = Type.Object(
  { connectorId: Type.Optional(Type.String({ maxLength: 64, description: 'Prices of one connector; default all.' })) },
  { additionalProperties: false },
);

export function listModelPrices(app: App, { models }: Services): void {
  app.get(
    '/api/v1/model-prices',
    {
      config: { access: 'integrations.read' },
      schema: {
        operationId: 'listModelPrices',
        tags: ['models'],
        summary: 'List what models cost the tenant, and where each price comes from',
        querystring: Query,
        response: responses(200, Type.Object({ items: Type.Array(EffectivePrice), nextCursor: Type.Null() })),
      },
    },
    async (request) => {
      const items = await models.prices.list(request.principal.tenantId, request.query.connectorId);
      return { items: [...items], nextCursor: null };
    },
  );
}
