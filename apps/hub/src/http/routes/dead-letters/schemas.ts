import { type IntegrationEvent, Timestamp, type WebhookAttempt } from '@inthub/contracts';
import Type from 'typebox';
import { deadLetterKinds } from '../../../webhooks/webhooks.ts';
import { reference } from '../../schemas.ts';
import { SourceQuery, TypePatternQuery } from '../events/event-query.ts';

const nullable = <Schema extends Type.TSchema>(schema: Schema, options: { description: string }) =>
  Type.Union([schema, Type.Null()], options);
const Kind = Type.Enum([...deadLetterKinds], {
  description: 'event: given up by a part of the hub. delivery: an outgoing webhook that was given up or parked.',
});

const fields = {
  kind: Kind,
  id: Type.String({ format: 'uuid', description: 'Of a delivery: the webhook-id.' }),
  consumer: nullable(Type.String(), {
    description: 'The part of the hub that gave the event up; null for a delivery.',
  }),
  subscriptionId: nullable(Type.String({ format: 'uuid' }), { description: 'Of a delivery; null for an event.' }),
  deliveryStatus: nullable(Type.Enum(['exhausted', 'parked']), {
    description: 'exhausted: its retries ran out. parked: set aside, with its place in the order. Null for an event.',
  }),
  eventType: Type.String(),
  event: nullable(reference<IntegrationEvent>('IntegrationEvent'), {
    description: 'Null for a delivery whose event the log no longer has: it cannot be sent again.',
  }),
  attempts: Type.Integer(),
  error: Type.String(),
  deadAt: Timestamp,
  redrives: nullable(Type.Integer(), {
    description: 'How often it was sent round again already; null for a delivery, whose attempts go on counting.',
  }),
};
export const DeadLetterBody = Type.Object(fields);
export const DeadLetterDetailBody = Type.Object({
  ...fields,
  attemptLog: Type.Optional(
    Type.Array(reference<WebhookAttempt>('WebhookAttempt'), { description: 'Of a delivery, oldest first.' }),
  ),
});

export const FilterQuery = {
  kind: Type.Optional(Kind),
  consumer: Type.Optional(Type.String({ minLength: 1, maxLength: 64, description: 'Finds events only.' })),
  subscriptionId: Type.Optional(Type.String({ format: 'uuid', description: 'Finds deliveries only.' })),
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
  events: Type.Integer({ description: 'How many of them are events.' }),
  deliveries: Type.Integer({ description: 'How many of them are deliveries.' }),
  more: Type.Boolean({ description: 'More match than were taken in one go.' }),
  dryRun: Type.Boolean(),
});
