import Type from 'typebox';
import { authRefPattern } from './auth-ref.ts';
import { connectorCategories } from './category.ts';
import { credentialKinds } from './credential.ts';
import { integrationStatuses } from './lifecycle.ts';
import { NullableTimestamp, Timestamp } from './timestamp.ts';

const literals = <Value extends string>(values: readonly Value[]) => Type.Enum([...values]);

export const authModes = ['token', 'oauth', 'mtls', 'iam', 'basic', 'none'] as const;
export type AuthMode = (typeof authModes)[number];

export const healthStatuses = ['unknown', 'healthy', 'degraded', 'unhealthy'] as const;
export type HealthStatus = (typeof healthStatuses)[number];

/** Waits between the attempts of one call; the default is 1 s, 2 s, 4 s. */
export const RetryPolicy = Type.Object(
  {
    maxRetries: Type.Integer({ minimum: 0, maximum: 5, default: 3 }),
    backoffMs: Type.Optional(Type.Array(Type.Integer({ minimum: 0, maximum: 60_000 }), { minItems: 1, maxItems: 5 })),
  },
  { additionalProperties: false },
);
export type RetryPolicy = Type.Static<typeof RetryPolicy>;

/**
 * The part of `config` that every type has; a type's own fields are added beside them (`composeConfigSchema` in the SDK).
 * No field may hold a secret: secrets go into `credentials` or behind an AuthRef.
 */
export const baseConfigProperties = {
  endpoint: Type.String({
    title: 'Endpoint',
    format: 'uri',
    pattern: '^https?://',
    maxLength: 2048,
    description: 'Base URL of the product, for example https://registry.example.com',
  }),
  authMode: literals(authModes),
  timeout: Type.Optional(
    Type.Integer({
      title: 'Timeout',
      minimum: 100,
      maximum: 300_000,
      default: 30_000,
      description: 'Milliseconds for one action, retries included.',
    }),
  ),
  retryPolicy: Type.Optional(RetryPolicy),
  customHeaders: Type.Optional(
    Type.Record(
      Type.String({ pattern: "^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}$" }),
      Type.String({ maxLength: 4096, pattern: '^[\\t\\x20-\\x7e]*$' }),
      {
        title: 'Custom headers',
        maxProperties: 32,
        // A record's pattern alone lets other names through, line breaks included.
        additionalProperties: false,
        description: 'Sent with every request. Not for secrets.',
      },
    ),
  ),
  network: Type.Optional(
    Type.Object(
      {
        caCertificate: Type.Optional(
          Type.String({ maxLength: 65_536, description: 'PEM of a private certificate authority to trust.' }),
        ),
        proxyUrl: Type.Optional(Type.String({ format: 'uri', pattern: '^https?://', maxLength: 2048 })),
      },
      { title: 'Network', additionalProperties: false },
    ),
  ),
} as const;

/** A config as stored: the base fields and the type's own. Which own fields exist is the type's JSON Schema's business. */
export interface IntegrationConfig {
  readonly endpoint: string;
  readonly authMode: AuthMode;
  readonly timeout?: number;
  readonly retryPolicy?: RetryPolicy;
  readonly customHeaders?: Readonly<Record<string, string>>;
  readonly network?: { readonly caCertificate?: string; readonly proxyUrl?: string };
  readonly [field: string]: unknown;
}

/** Overrides of the hub's own limits for one integration. */
export const RateLimits = Type.Object(
  {
    requestsPerMinute: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000 })),
    requestsPerHour: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000_000 })),
    concurrentRequests: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000 })),
    webhooksPerMinute: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 1_000_000,
        description:
          'Webhook deliveries that are taken in for it; what comes faster is answered with 429. Default 30 000.',
      }),
    ),
  },
  { additionalProperties: false },
);
export type RateLimits = Type.Static<typeof RateLimits>;

export const IntegrationFeatures = Type.Object(
  {
    syncEnabled: Type.Boolean({ default: false }),
    webhooksEnabled: Type.Boolean({
      default: true,
      description: 'Whether deliveries of the product are taken in. They also need an endpoint of the integration.',
    }),
    streamingEnabled: Type.Boolean({ default: true }),
  },
  { additionalProperties: false },
);
export type IntegrationFeatures = Type.Static<typeof IntegrationFeatures>;

export const Name = Type.String({ minLength: 1, maxLength: 128, pattern: '^[^\\p{Cc}]*[^\\p{Cc}\\s][^\\p{Cc}]*$' });
export const AuthRefText = Type.String({
  pattern: authRefPattern,
  maxLength: 1024,
  examples: ['ref://integrations/github/acme-org-token'],
});

/** An integration as the API shows it. */
export const Integration = Type.Object(
  {
    id: Type.String({ format: 'uuid' }),
    tenantId: Type.String({ format: 'uuid' }),
    type: Type.String(),
    category: literals(connectorCategories),
    connectorId: Type.String(),
    connectorVersion: Type.String(),
    name: Type.String(),
    description: Type.Union([Type.String(), Type.Null()]),
    config: Type.Record(Type.String(), Type.Unknown()),
    authRef: Type.Union([Type.String(), Type.Null()]),
    credentialKind: Type.Union([literals(credentialKinds), Type.Null()]),
    environment: Type.Union([Type.String(), Type.Null()]),
    tags: Type.Array(Type.String()),
    ownerId: Type.Union([Type.String(), Type.Null()]),
    status: literals(integrationStatuses),
    statusReason: Type.Union([Type.String(), Type.Null()]),
    pauseReason: Type.Union([Type.String(), Type.Null()]),
    pauseTicket: Type.Union([Type.String(), Type.Null()]),
    approvedBy: Type.Union([Type.String(), Type.Null()]),
    health: literals(healthStatuses),
    lastTestedAt: NullableTimestamp,
    lastTestSuccess: Type.Union([Type.Boolean(), Type.Null()]),
    lastError: Type.Union([Type.String(), Type.Null()]),
    consecutiveFailures: Type.Integer(),
    features: IntegrationFeatures,
    rateLimits: RateLimits,
    usage: Type.Object({
      totalRequests: Type.Integer(),
      totalErrors: Type.Integer(),
      averageLatencyMs: Type.Number(),
      last24hRequests: Type.Integer(),
      lastActivityAt: NullableTimestamp,
    }),
    createdAt: Timestamp,
    createdBy: Type.String(),
    modifiedAt: Timestamp,
    modifiedBy: Type.String(),
    version: Type.Integer({ description: 'Also the ETag; send it back in If-Match to change the integration.' }),
  },
  { $id: 'Integration' },
);
export type Integration = Type.Static<typeof Integration>;
