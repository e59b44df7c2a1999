import type { Clock, ConnectionTestResult } from '@inthub/contracts';
import type { Access } from '../access/access.ts';
import type { Annotations } from '../annotations/annotations.ts';
import type { AuditReader, AuditSealer, AuditWriter } from '../audit/audit.ts';
import type { Acting, Catalog } from '../catalog/catalog.ts';
import type { Database, Retention } from '../database/database.ts';
import type { Doctor } from '../doctor/doctor.ts';
import type { EventBus, EventReader, EventStreams, ExpiryCalendar } from '../events/events.ts';
import type { Budgets, Gateway } from '../gateway/gateway.ts';
import type { Health } from '../health/health.ts';
import type { Models } from '../models/models.ts';
import type { ConnectorRegistry, Grants } from '../runtime/runtime.ts';
import type { Metrics } from '../telemetry/telemetry.ts';
import type { Vault } from '../vault/vault.ts';
import type { AllDeadLetters, InboundWebhooks, OutgoingWebhooks } from '../webhooks/webhooks.ts';

/** The rooms that the HTTP API is a thin caller of. */
export interface Services {
  readonly access: Access;
  readonly annotations: Annotations;
  readonly audit: AuditReader & AuditSealer & Pick<AuditWriter, 'append'>;
  readonly budgets: Budgets;
  readonly catalog: Catalog;
  readonly doctor: Doctor;
  readonly events: EventReader;
  readonly bus: Pick<EventBus, 'consumers'>;
  readonly deadLetters: AllDeadLetters;
  readonly streams: EventStreams;
  readonly expiries: Pick<ExpiryCalendar, 'list'>;
  readonly retention: Pick<Retention, 'list' | 'set'>;
  /** For changes whose room does not write the audit itself; in the same transaction. */
  readonly inTenant: Database['tenant'];
  readonly gateway: Gateway;
  /** What was sent to outside hosts since the start: the proof of sealed mode. */
  readonly egressProof: () => { offline: boolean; attempts: number; since: string };
  readonly grants: Grants;
  readonly health: Health;
  readonly inboundWebhooks: Pick<InboundWebhooks, 'receiver' | 'endpoints' | 'deliveries'>;
  readonly metrics: Metrics;
  readonly models: Models;
  readonly outgoingWebhooks: Omit<OutgoingWebhooks, 'worker'>;
  readonly registry: ConnectorRegistry;
  readonly vault: Pick<Vault, 'rekey'>;
  /** Tests now, through the gateway, and lets the outcome move the lifecycle and the health history. */
  readonly testConnection: (
    acting: Acting,
    integrationId: string,
    call: { signal: AbortSignal; traceparent?: string },
  ) => Promise<ConnectionTestResult>;
  readonly clock: Clock;
  /** True once the hub may get traffic; false again while it drains. @throws when a part that it needs does not answer. */
  readonly ready: () => Promise<boolean>;
}
