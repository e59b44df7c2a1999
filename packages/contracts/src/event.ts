import Type from 'typebox';
import { Timestamp } from './timestamp.ts';

/** The event envelope (EVT-1). Types are dotted, past tense: `integration.created`, `github.pr.opened`. */
export const IntegrationEvent = Type.Object(
  {
    id: Type.String({ format: 'uuid' }),
    type: Type.String({ pattern: '^[a-z0-9_]+(\\.[a-z0-9_]+)+$' }),
    source: Type.String({ description: 'Integration id, or `hub`.' }),
    tenantId: Type.String({ format: 'uuid' }),
    timestamp: Timestamp,
    data: Type.Record(Type.String(), Type.Unknown()),
    correlationId: Type.String(),
    metadata: Type.Object({
      connectorId: Type.Union([Type.String(), Type.Null()]),
      connectorVersion: Type.Union([Type.String(), Type.Null()]),
      deliveryAttempt: Type.Integer(),
      originalWebhookId: Type.Optional(Type.String()),
    }),
  },
  { $id: 'IntegrationEvent' },
);
export type IntegrationEvent = Type.Static<typeof IntegrationEvent>;

/** The hub's own lifecycle events (EVT-3). A published name is never reused with another meaning. */
export const lifecycleEventTypes = [
  'integration.created',
  'integration.updated',
  'integration.deleted',
  'integration.submitted',
  'integration.activated',
  'integration.paused',
  'integration.resumed',
  'integration.status_changed',
  'integration.health_changed',
  'integration.healthy',
  'integration.unhealthy',
  'credential.created',
  'credential.rotated',
  'credential.revoked',
  'credential.expiring',
  'credential.expired',
  'app_key.expiring',
  'app_key.expired',
  'client_certificate.expiring',
  'client_certificate.expired',
  'webhook_secret.expiring',
  'webhook_secret.expired',
  'tls_certificate.expiring',
  'tls_certificate.expired',
  'connector.registered',
  'connector.unregistered',
  'grant.changed',
  'profile.created',
  'profile.updated',
  'profile.deleted',
  'budget.changed',
  'budget.removed',
  'budget.reached',
] as const;
export type LifecycleEventType = (typeof lifecycleEventTypes)[number];
