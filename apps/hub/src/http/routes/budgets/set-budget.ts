import { Budget, BudgetSetting } from '@inthub/contracts';
import Type from 'typebox';
import { acting } from '../../authentication.ts';
import type { App } from '../../fastify-types.ts';
import { responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';

const { integrationId, currency, ...settled } = BudgetSetting.properties;
const Body = Type.Object(
  { ...settled, integrationId: Type.Optional(integrationId), currency: Type.Optional(currency) },
  { additionalProperties: false },
);

/** One budget for each integration (or the tenant), measure, currency and window: setting it again changes limit and mode. */
export function setBudget(app: App, { budgets }: Services): void {
  app.put(
    '/api/v1/budgets',
    {
      config: { access: 'integrations.admin' },
      schema: {
        operationId: 'setBudget',
        tags: ['budgets'],
        summary: 'Set a budget of the tenant or an integration',
        body: Body,
        response: responses(200, Budget),
      },
    },
    async (request) => budgets.set(acting(request), { integrationId: null, currency: null, ...request.body }),
  );
}
