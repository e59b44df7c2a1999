import Type from 'typebox';
import { type ErrorCode, errorCodes } from './errors/codes.ts';
import { Name } from './integration.ts';
import { Timestamp } from './timestamp.ts';

/** Errors after which another provider may do better; the default of a route. */
export const defaultFailOverCodes = [
  'provider_unavailable',
  'provider_timeout',
  'provider_unreachable',
  'provider_rate_limited',
  'provider_bad_response',
  'proxy_failed',
  'circuit_open',
  'connector_unavailable',
  'integration_inactive',
] as const satisfies readonly ErrorCode[];

const closed = { additionalProperties: false };
const fields = {
  alias: Type.String({
    pattern: '^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$',
    description: 'What callers name as the model. No slash: with one it would be an integration and its model.',
    examples: ['fast'],
  }),
  description: Type.Optional(Type.Union([Type.String({ maxLength: 2000 }), Type.Null()])),
  targets: Type.Array(
    Type.Object(
      {
        integration: Name,
        model: Type.String({ minLength: 1, maxLength: 256, pattern: '^[^\\p{Cc}\\s][^\\p{Cc}]*$' }),
      },
      closed,
    ),
    { minItems: 1, maxItems: 20, description: 'Tried in this order.' },
  ),
  failOverOn: Type.Optional(
    Type.Array(Type.Enum([...Object.keys(errorCodes)] as ErrorCode[]), {
      maxItems: 50,
      uniqueItems: true,
      description: 'Error codes after which the next target is tried; [] never. Default: those of an ailing provider.',
    }),
  ),
};

/** What an admin sets of a model route. */
export const NewModelRoute = Type.Object(fields, closed);
export type NewModelRoute = Type.Static<typeof NewModelRoute>;

/** A name of the tenant's own for models of its integrations. */
export const ModelRoute = Type.Object(
  {
    id: Type.String({ format: 'uuid' }),
    alias: fields.alias,
    description: Type.Union([Type.String(), Type.Null()]),
    targets: fields.targets,
    failOverOn: Type.Array(Type.String()),
    createdAt: Timestamp,
    createdBy: Type.String(),
    modifiedAt: Timestamp,
    modifiedBy: Type.String(),
    version: Type.Integer(),
  },
  { $id: 'ModelRoute' },
);
export type ModelRoute = Type.Static<typeof ModelRoute>;
