import { NullableTimestamp, Timestamp } from '@inthub/contracts';
import Type from 'typebox';
import { inboundStatuses } from '../../../webhooks/webhooks.ts';

const NullableText = Type.Union([Type.String(), Type.Null()]);
const Id = Type.String({ format: 'uuid' });
const closed = { additionalProperties: false };

export const EndpointParams = Type.Object({
  id: Type.String({ format: 'uuid', description: 'Integration id.' }),
  endpointId: Type.String({ format: 'uuid', description: 'Id of the endpoint.' }),
});
export const DeliveryParams = Type.Object({
  id: Type.String({ format: 'uuid', description: 'Integration id.' }),
  deliveryId: Type.String({ format: 'uuid', description: 'Id of the delivery.' }),
});

export const Kind = Type.Object({
  id: Type.String(),
  title: Type.String(),
  events: Type.Array(Type.String()),
  proof: Type.Enum(['signature', 'token', 'url']),
  secretFrom: Type.Enum(['hub', 'product'], {
    description: '`product`: it shows a secret where the webhook is set up; give it when you create the endpoint.',
  }),
  registration: Type.Union([Type.Object({ targetTitle: NullableText }), Type.Null()], {
    description: 'Whether the hub can make the webhook at the product, and what `target` then names.',
  }),
});

const endpointFields = {
  id: Id,
  integrationId: Id,
  webhookId: Type.String(),
  url: Type.String({ description: 'Where the product sends to; without the secret part, which is shown once.' }),
  proof: Type.Enum(['signature', 'token', 'url']),
  events: Type.Array(Type.String()),
  registration: Type.Union([Type.Object({ target: NullableText, externalId: Type.String() }), Type.Null()], {
    description: 'The webhook at the product, where the hub has made it.',
  }),
  createdAt: Timestamp,
  createdBy: Type.String(),
  rotatedAt: NullableTimestamp,
  previousSecretUntil: NullableTimestamp,
};
export const Endpoint = Type.Object(endpointFields);
export const EndpointWithSecret = Type.Object({
  ...endpointFields,
  url: Type.String({ description: 'Where the product sends to; with `proof: url` it holds the secret.' }),
  secret: Type.String({ description: 'Shown this once only.' }),
});

/** A secret that the product made; it may be short, but not empty. */
export const GivenSecret = Type.String({ minLength: 8, maxLength: 1024, description: 'Default: the hub makes one.' });
export const NewEndpoint = Type.Object(
  {
    webhookId: Type.Optional(
      Type.String({ minLength: 1, maxLength: 128, description: 'Which of the kinds; default the only one.' }),
    ),
    secret: Type.Optional(GivenSecret),
    events: Type.Optional(
      Type.Array(Type.String({ maxLength: 128 }), {
        minItems: 1,
        maxItems: 200,
        uniqueItems: true,
        description: 'Default all.',
      }),
    ),
    register: Type.Optional(
      Type.Object(
        { target: Type.Optional(Type.String({ minLength: 1, maxLength: 512, examples: ['acme/app'] })) },
        { ...closed, description: 'Make the webhook at the product, too, through the integration’s own credential.' },
      ),
    ),
  },
  closed,
);

const summaryFields = {
  id: Id,
  integrationId: Id,
  endpointId: Id,
  webhookId: Type.String(),
  externalId: Type.Union([Type.String(), Type.Null()], { description: 'The product’s own id of the delivery.' }),
  kind: Type.Union([Type.String(), Type.Null()], { description: 'The product’s name of what happened.' }),
  receivedAt: Timestamp,
  bytes: Type.Integer(),
  status: Type.Enum([...inboundStatuses], {
    description:
      '`untranslated`: the connector has no event for it. `dead`: it cannot be translated, `error` says why.',
  }),
  attempts: Type.Integer(),
  eventTypes: Type.Array(Type.String()),
  error: NullableText,
  settledAt: NullableTimestamp,
};
export const InboundDelivery = Type.Object(summaryFields);
export const InboundDeliveryDetail = Type.Object({
  ...summaryFields,
  headers: Type.Array(Type.Object({ name: Type.String(), value: Type.String() }), {
    description: 'Without those that could hold a secret.',
  }),
  body: Type.Object({
    encoding: Type.Enum(['utf8', 'base64']),
    content: Type.String(),
    truncated: Type.Boolean({ description: 'More than 256 KiB arrived; this is the beginning.' }),
  }),
});

export const deliveryFilter = {
  endpointId: Type.Optional(Id),
  kind: Type.Optional(Type.String({ minLength: 1, maxLength: 128 })),
  since: Type.Optional(Type.String({ maxLength: 40, description: 'ISO 8601; received then or later.' })),
  until: Type.Optional(Type.String({ maxLength: 40, description: 'ISO 8601; received before.' })),
};
