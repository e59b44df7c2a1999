import Type from 'typebox';
import { NullableTimestamp, Timestamp } from './timestamp.ts';

const nullableText = Type.Union([Type.String(), Type.Null()]);
const nullableInteger = Type.Union([Type.Integer(), Type.Null()]);

/** Waiting: `pending`, `retrying`, `blocked`, `parked`. Over: `delivered`, `exhausted`, `dropped`, `skipped`. */
export const deliveryStatuses = [
  'pending',
  'retrying',
  'blocked',
  'parked',
  'delivered',
  'exhausted',
  'dropped',
  'skipped',
] as const;
export type DeliveryStatus = (typeof deliveryStatuses)[number];

export const WebhookDelivery = Type.Object(
  {
    id: Type.String({ format: 'uuid', description: 'Also the webhook-id that receivers see.' }),
    subscriptionId: Type.String({ format: 'uuid' }),
    eventId: Type.String({ format: 'uuid' }),
    eventType: Type.String(),
    eventAt: Timestamp,
    status: Type.Enum([...deliveryStatuses]),
    revision: Type.Integer({ description: 'Of the subscription, when the delivery was queued.' }),
    attempts: Type.Integer(),
    responseStatus: nullableInteger,
    errorCode: nullableText,
    orderKey: nullableText,
    nextAttemptAt: NullableTimestamp,
    finishedAt: NullableTimestamp,
  },
  { $id: 'WebhookDelivery' },
);
export type WebhookDelivery = Type.Static<typeof WebhookDelivery>;

const Headers = Type.Record(Type.String(), Type.String());

export const WebhookAttempt = Type.Object(
  {
    number: Type.Integer(),
    startedAt: Timestamp,
    durationMs: Type.Number(),
    url: Type.String(),
    success: Type.Boolean(),
    request: Type.Object({ headers: Headers, body: Type.String() }),
    response: Type.Union([Type.Object({ status: Type.Integer(), headers: Headers, body: Type.String() }), Type.Null()]),
    errorCode: nullableText,
    error: nullableText,
    blame: nullableText,
  },
  { $id: 'WebhookAttempt' },
);
export type WebhookAttempt = Type.Static<typeof WebhookAttempt>;

export const WebhookDeliveryDetail = Type.Object(
  {
    ...WebhookDelivery.properties,
    blockedBy: Type.Union([Type.String(), Type.Null()], { description: 'Delivery of the same key that goes first.' }),
    attemptLog: Type.Array(WebhookAttempt),
  },
  { $id: 'WebhookDeliveryDetail' },
);
export type WebhookDeliveryDetail = Type.Static<typeof WebhookDeliveryDetail>;
