import {
  ActionResult,
  AuthRefText,
  ConnectionDefaults,
  ConnectionProfile,
  ConnectionTestResult,
  CredentialMaterial,
  DoctorReport,
  healthStatuses,
  Integration,
  IntegrationEvent,
  IntegrationFeatures,
  instanceStatusOf,
  KeptAnnotation,
  ModelRoute,
  Name,
  NullableTimestamp,
  Problem,
  RateLimits,
  Resource,
  ScmOperationResult,
  Timestamp,
  WebhookDelivery,
  WebhookDeliveryDetail,
  WebhookSubscription,
} from '@inthub/contracts';
import Type, { type Static, type TSchema } from 'typebox';
import type { App } from './fastify-types.ts';

const nullableText = (maxLength: number) => Type.Union([Type.String({ maxLength }), Type.Null()]);

/** Secret material with a discriminator, so that a fault is reported for the kind that was meant only. */
const Credentials = Type.Unsafe<CredentialMaterial>({
  type: 'object',
  required: ['kind'],
  discriminator: { propertyName: 'kind' },
  oneOf: CredentialMaterial.anyOf,
  $id: 'Credentials',
  description: 'Secret material by kind. Accepted, never returned.',
  writeOnly: true,
});

const IntegrationFields = {
  name: Name,
  description: Type.Optional(nullableText(2000)),
  config: Type.Record(Type.String(), Type.Unknown(), {
    description: 'Validated by the type’s own schema; see GET /api/v1/integration-types/{type}.',
  }),
  credentials: Type.Optional(reference<CredentialMaterial>('Credentials')),
  authRef: Type.Optional(AuthRefText),
  environment: Type.Optional(nullableText(64)),
  tags: Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 64 }), { maxItems: 50, uniqueItems: true })),
  ownerId: Type.Optional(nullableText(256)),
  features: Type.Optional(Type.Partial(IntegrationFeatures, { additionalProperties: false })),
  rateLimits: Type.Optional(RateLimits),
};
const closed = { additionalProperties: false };

export const NewIntegrationBody = Type.Object(
  {
    type: Type.String({ minLength: 3, maxLength: 128, examples: ['registry.oci'] }),
    ...IntegrationFields,
    submit: Type.Optional(Type.Boolean({ description: 'Also submit it for verification.' })),
    profileId: Type.Optional(
      Type.String({ format: 'uuid', description: 'Connection profile whose settings fill in what config leaves out.' }),
    ),
    confirmCredentialReuse: Type.Optional(
      Type.Boolean({
        description: 'True takes the AuthRef of the profile too; it is never taken without being asked.',
      }),
    ),
  },
  closed,
);
export const ReplaceIntegrationBody = Type.Object(IntegrationFields, closed);
export const ChangeIntegrationBody = Type.Partial(Type.Object(IntegrationFields), { ...closed, minProperties: 1 });
export const PauseBody = Type.Object(
  {
    reason: Type.String({ minLength: 1, maxLength: 1000 }),
    ticket: Type.Optional(Type.String({ minLength: 1, maxLength: 256 })),
  },
  closed,
);

const InstanceHealth = Type.Object({
  status: Type.Enum(['healthy', 'degraded', 'unhealthy', 'unknown']),
  checkedAt: NullableTimestamp,
  latencyMs: Type.Union([Type.Number(), Type.Null()]),
  details: Type.Object({
    authValid: Type.Union([Type.Boolean(), Type.Null()]),
    serviceReachable: Type.Union([Type.Boolean(), Type.Null()]),
    rateLimitOk: Type.Union([Type.Boolean(), Type.Null()]),
    lastError: Type.Union([Type.String(), Type.Null()]),
  }),
  consecutiveFailures: Type.Integer(),
  nextCheckAt: NullableTimestamp,
  skippedOffline: Type.Boolean(),
  cached: Type.Boolean({ description: 'What the last check found was at hand.' }),
});

export const HealthReport = Type.Object(
  {
    integrationId: Type.String(),
    ...InstanceHealth.properties,
    lifecycle: Type.Enum([...Object.values(instanceStatusOf)]),
  },
  { $id: 'HealthReport' },
);

const Percentiles = Type.Object({ p50: Type.Number(), p95: Type.Number(), p99: Type.Number() });
export const HealthHistory = Type.Object(
  {
    items: Type.Array(
      Type.Object({
        checkedAt: Timestamp,
        success: Type.Boolean(),
        latencyMs: Type.Number(),
        errorCode: Type.Union([Type.String(), Type.Null()]),
        message: Type.String(),
      }),
    ),
    nextCursor: Type.Union([Type.String(), Type.Null()]),
    windows: Type.Array(
      Type.Object({
        window: Type.Enum(['1h', '24h', '7d', '30d']),
        samples: Type.Integer(),
        uptimePercent: Type.Union([Type.Number(), Type.Null()]),
        latencyMs: Type.Union([Percentiles, Type.Null()]),
      }),
    ),
  },
  { $id: 'HealthHistory' },
);

export const IntegrationType = Type.Object(
  {
    id: Type.String(),
    displayName: Type.String(),
    description: Type.String(),
    category: Type.String(),
    icon: Type.String(),
    connectorId: Type.String(),
    connectorVersion: Type.String(),
    capabilities: Type.Array(Type.String()),
    actions: Type.Array(Type.String()),
    configSchema: Type.Record(Type.String(), Type.Unknown()),
    auth: Type.Array(
      Type.Object({
        mode: Type.String(),
        kind: Type.Union([Type.String(), Type.Null()]),
        title: Type.String(),
        help: Type.String(),
      }),
    ),
    defaultEndpoint: Type.Union([Type.String(), Type.Null()]),
    templates: Type.Array(
      Type.Object({
        name: Type.String(),
        description: Type.String(),
        config: Type.Record(Type.String(), Type.Unknown()),
      }),
    ),
  },
  { $id: 'IntegrationType' },
);
export type IntegrationType = Static<typeof IntegrationType>;

export const ConnectorInstance = Type.Object(
  {
    instanceId: Type.String({ format: 'uuid' }),
    connectorId: Type.String(),
    type: Type.String(),
    tenantId: Type.String({ format: 'uuid' }),
    displayName: Type.String(),
    version: Type.String({ description: 'Version of the connector.' }),
    revision: Type.Integer({ description: 'Version of the instance, also its ETag.' }),
    status: Type.Enum([...Object.values(instanceStatusOf)]),
    config: Type.Record(Type.String(), Type.Unknown()),
    capabilities: Type.Array(Type.String()),
    installedAt: Timestamp,
    installedBy: Type.String(),
    lastActivityAt: NullableTimestamp,
    health: Type.Union([
      Type.Object({
        status: Type.Enum([...healthStatuses]),
        checkedAt: NullableTimestamp,
        lastError: Type.Union([Type.String(), Type.Null()]),
      }),
      Type.Null(),
    ]),
    usage: Integration.properties.usage,
  },
  { $id: 'ConnectorInstance' },
);
export type ConnectorInstance = Static<typeof ConnectorInstance>;

/** Registers the named schemas, so that OpenAPI shows each once. */
export function registerSchemas(app: App): void {
  const named = [
    Problem,
    Credentials,
    Integration,
    IntegrationType,
    ConnectionTestResult,
    ConnectionDefaults,
    ConnectionProfile,
    DoctorReport,
    KeptAnnotation,
    ScmOperationResult,
    Resource,
    ActionResult,
    IntegrationEvent,
    HealthReport,
    HealthHistory,
    ConnectorInstance,
    ModelRoute,
    WebhookSubscription,
    WebhookDelivery,
    WebhookDeliveryDetail,
  ];
  for (const schema of named) app.addSchema(schema);
}

/** A reference to a named schema with its TypeScript type. */
export function reference<T>(id: string): Type.TUnsafe<T> {
  return Type.Unsafe<T>({ $ref: `${id}#` });
}

export const IntegrationRef = reference<Integration>('Integration');

/** Response map of a route: the success shape, and problem documents for the rest. */
export function responses<Status extends number, Schema extends TSchema>(status: Status, schema: Schema) {
  const problem = {
    description: 'Problem document.',
    content: { 'application/problem+json': { schema: reference<Problem>('Problem') } },
  };
  return { [status]: schema, '4xx': problem, '5xx': problem } as Record<Status, Schema> & {
    '4xx': typeof problem;
    '5xx': typeof problem;
  };
}
