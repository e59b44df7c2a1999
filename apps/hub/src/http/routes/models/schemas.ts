import { ModelPrice, type ModelRoute } from '@inthub/contracts';
import Type from 'typebox';
import { reference } from '../../schemas.ts';

export const ModelRouteRef = reference<ModelRoute>('ModelRoute');

const ConnectorId = Type.String({ minLength: 1, maxLength: 64, examples: ['openai'] });
const Scope = Type.Enum(['tenant', 'platform'], {
  description: 'Whose price: the tenant’s own, or the platform’s for every tenant (platform admins only).',
});

export const SetPriceBody = Type.Object(
  { connectorId: ConnectorId, scope: Type.Optional(Scope), ...ModelPrice.properties },
  { additionalProperties: false },
);
export const RemovePriceQuery = Type.Object(
  { connectorId: ConnectorId, model: ModelPrice.properties.model, scope: Type.Optional(Scope) },
  { additionalProperties: false },
);
export const EffectivePrice = Type.Object({
  connectorId: Type.String(),
  origin: Type.Enum(['shipped', 'platform', 'tenant']),
  ...ModelPrice.properties,
});
