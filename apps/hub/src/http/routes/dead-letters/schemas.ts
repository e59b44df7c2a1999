import { type IntegrationEvent, Timestamp } from '@inthub/contracts';
import Type from 'typebox';
import { reference } from '../../schemas.ts';
import { SourceQuery, TypePatternQuery } from '../events/event-query.ts';

export const DeadLetterBody = Type.Object({
  id: Type.String({ format: 'uuid' }),
  consumer: Type.String({ description: 'The part of the hub that gave the event up.' }),
  event: reference<IntegrationEvent>('IntegrationEvent'),
  attempts: Type.Integer(),
  error: Type.String(),
  deadAt: Timestamp,
  redrives: Type.Integer({ description: 'How often it was sent round again already.' }),
});

const consumer = Type.Optional(Type.String({ minLength: 1, maxLength: 64 }));
export const FilterQuery = {
  consumer,
  type: TypePatternQuery,
  source: SourceQuery,
  since: Type.Optional(Timestamp),
  until: Type.Optional(Timestamp),
};
/** All given fields must hold. */
export const Filter = Type.Object(
  {
    ids: Type.Optional(Type.Array(Type.String({ format: 'uuid' }), { minItems: 1, maxItems: 1_000 })),
    ...FilterQuery,
  },
  { additionalProperties: false },
);
export const Counted = Type.Object({
  count: Type.Integer(),
  more: Type.Boolean({ description: 'More match than were taken in one go.' }),
  dryRun: Type.Boolean(),
});
