import Type from 'typebox';
import { Name } from './integration.ts';
import { NullableTimestamp, Timestamp } from './timestamp.ts';

const closed = { additionalProperties: false };
const nullableText = Type.Union([Type.String(), Type.Null()]);

/** How deliveries are signed; several at once for migrations (BEY-8). */
export const signingSchemes = ['standard', 'standard-ed25519', 'github'] as const;
export type SigningScheme = (typeof signingSchemes)[number];

const Filter = Type.Unsafe<Readonly<Record<string, unknown>>>({
  type: 'object',
  description:
    'Condition on the event’s data: {"at":"/pull_request/base/ref","equals":"main"}; also in, exists, prefix, gt, gte, lt, lte; combined by {"and":[…]}, {"or":[…]}, {"not":…}.',
});

export const WebhookRetryPolicy = Type.Union(
  [
    Type.Object(
      {
        preset: Type.Enum(['short', 'day'], {
          description: 'short: after 1, 5 and 30 s. day: 8 tries in about 28 h, ±20 %.',
        }),
      },
      closed,
    ),
    Type.Object(
      {
        backoffMs: Type.Array(Type.Integer({ minimum: 100, maximum: 172_800_000 }), {
          maxItems: 20,
          description: 'Wait before each retry; as many retries as entries.',
        }),
        jitter: Type.Optional(Type.Number({ minimum: 0, maximum: 0.5, description: 'Share; default 0.2.' })),
      },
      closed,
    ),
  ],
  { description: 'Default {"preset":"short"}.' },
);
export type WebhookRetryPolicy = Type.Static<typeof WebhookRetryPolicy>;

const WebhookLimits = Type.Object(
  {
    perSecond: Type.Union([Type.Number({ exclusiveMinimum: 0, maximum: 10_000 }), Type.Null()]),
    concurrency: Type.Integer({ minimum: 1, maximum: 64 }),
  },
  closed,
);

const WebhookOrdering = Type.Object(
  {
    key: Type.String({
      minLength: 1,
      maxLength: 256,
      description: '`source`, or a JSON Pointer into data: /issue/id. Deliveries of one key go one after the other.',
    }),
    onExhausted: Type.Enum(['block', 'park'], {
      description: 'block: goes on trying and holds back its key. park: is set aside for a person, the next one goes.',
    }),
  },
  closed,
);

const WebhookDisabling = Type.Object(
  {
    windowMinutes: Type.Integer({ minimum: 1, maximum: 10_080 }),
    failureRate: Type.Number({ exclusiveMinimum: 0, maximum: 1 }),
    minAttempts: Type.Integer({ minimum: 1, maximum: 100_000 }),
  },
  closed,
);

const Url = Type.String({ minLength: 8, maxLength: 2048, examples: ['https://example.com/hooks'] });
const Events = Type.Array(Type.String({ minLength: 1, maxLength: 128 }), {
  minItems: 1,
  maxItems: 50,
  uniqueItems: true,
  description: 'Patterns: github.pr.opened, github.* or *.',
});
const Sources = Type.Union([
  Type.Array(Type.String({ minLength: 1, maxLength: 64 }), { minItems: 1, maxItems: 100, uniqueItems: true }),
  Type.Null(),
]);
const timeout = { minimum: 500, maximum: 30_000 };

/** What a caller may set. */
const settable = {
  name: Name,
  url: Url,
  events: Events,
  sources: Sources,
  filter: Type.Union([Filter, Type.Null()]),
  headers: Type.Record(Type.String({ maxLength: 128 }), Type.Union([Type.String({ maxLength: 4096 }), Type.Null()]), {
    description: 'Sent with each delivery. Values are sealed and never returned; null removes one.',
    maxProperties: 20,
  }),
  contentType: Type.Enum(['application/json', 'application/cloudevents+json']),
  signing: Type.Array(Type.Enum([...signingSchemes]), { minItems: 1, maxItems: 3, uniqueItems: true }),
  retryPolicy: WebhookRetryPolicy,
  limits: Type.Partial(WebhookLimits, closed),
  ordering: Type.Union([WebhookOrdering, Type.Null()]),
  onChange: Type.Enum(['keep', 'use-latest', 'drop'], {
    description: 'What happens to queued deliveries when the settings change.',
  }),
  disabling: Type.Union([WebhookDisabling, Type.Null()], {
    description: 'When failures of the endpoint itself switch it off; null: never.',
  }),
  timeoutMs: Type.Integer(timeout),
};
const { name, url, events, ...rest } = settable;
const { headers: _values, ...shown } = settable;

export const NewWebhookSubscription = Type.Object(
  {
    name: Type.Optional(name),
    url,
    events,
    ...Type.Partial(Type.Object(rest)).properties,
    active: Type.Optional(Type.Boolean()),
    secret: Type.Optional(
      Type.String({
        minLength: 16,
        maxLength: 512,
        description: 'Own signing secret, for migrations. Default: a new one.',
      }),
    ),
  },
  closed,
);
export type NewWebhookSubscription = Type.Static<typeof NewWebhookSubscription>;

export const WebhookSubscriptionChange = Type.Partial(Type.Object(settable), { ...closed, minProperties: 1 });
export type WebhookSubscriptionChange = Type.Static<typeof WebhookSubscriptionChange>;

const WebhookKey = Type.Object({
  id: Type.String(),
  scheme: Type.Enum(['hmac', 'ed25519']),
  createdAt: Timestamp,
  expiresAt: Type.Union([Timestamp, Type.Null()]),
  publicKey: nullableText,
});
export type WebhookKey = Type.Static<typeof WebhookKey>;

export const WebhookSubscription = Type.Object(
  {
    id: Type.String({ format: 'uuid' }),
    ...shown,
    headerNames: Type.Array(Type.String()),
    limits: WebhookLimits,
    active: Type.Boolean(),
    disabledReason: Type.Union([Type.Enum(['manual', 'failure_rate', 'gone']), Type.Null()]),
    disabledAt: NullableTimestamp,
    keys: Type.Array(WebhookKey),
    revision: Type.Integer(),
    version: Type.Integer({ description: 'Also its ETag.' }),
    createdAt: Timestamp,
    createdBy: Type.String(),
    modifiedAt: Timestamp,
    modifiedBy: Type.String(),
    lastDeliveryAt: NullableTimestamp,
    totalDeliveries: Type.Integer(),
    totalFailures: Type.Integer(),
    endpoint: Type.Object({
      failing: Type.Boolean(),
      consecutiveFailures: Type.Integer(),
      blockedUntil: NullableTimestamp,
      lastSuccessAt: NullableTimestamp,
      lastError: nullableText,
    }),
  },
  { $id: 'WebhookSubscription' },
);
export type WebhookSubscription = Type.Static<typeof WebhookSubscription>;

/** `secret` and `publicKey` are shown in the answer to creation and rotation only. */
export const WebhookSecrets = Type.Object({
  secret: nullableText,
  publicKey: nullableText,
});
export type WebhookSecrets = Type.Static<typeof WebhookSecrets>;
