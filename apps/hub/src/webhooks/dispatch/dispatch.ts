import {
  type Clock,
  createId,
  HubError,
  type IntegrationEvent,
  type TenantId,
  type WebhookDeliveryDetail,
} from '@inthub/contracts';
import type { AuditWriter } from '../../audit/audit.ts';
import type { Database } from '../../database/database.ts';
import type { Poster } from '../../egress/egress.ts';
import type { EventWriter } from '../../events/events.ts';
import type { Log, Metrics } from '../../telemetry/telemetry.ts';
import type { SealedBoxes } from '../../vault/vault.ts';
import { createAttempt } from './attempt.ts';
import { createDeadDeliveries, type DeadDeliveries } from './dead-deliveries.ts';
import { createDeliveries, type Deliveries } from './deliveries.ts';
import { type CircuitRules, defaultCircuit } from './endpoint-health.ts';
import { insertAttempts } from './outcome-repository.ts';
import { createOutcomes } from './outcomes.ts';
import { createRecovery, type Recovery } from './recovery.ts';
import { insertFinished } from './redelivery-repository.ts';
import { sendDelivery } from './send-delivery.ts';
import { type Acting, requireSubscription } from './subscription-context.ts';
import { createSubscriptions, type Subscriptions } from './subscriptions.ts';
import { createTargets } from './targets.ts';
import { createWorker, type Worker } from './worker.ts';

/** Outgoing webhooks: who wants what, sending it, and what came of it. */
export interface OutgoingWebhooks {
  readonly subscriptions: Subscriptions;
  readonly deliveries: Deliveries;
  readonly recovery: Recovery;
  readonly dead: DeadDeliveries;
  /** Sends a made-up `webhook.test` event now, once, and keeps it in the history. @throws HubError `not_found` */
  test(acting: Acting, subscriptionId: string): Promise<WebhookDeliveryDetail>;
  /** Consumes the event bus; see docs/webhooks-out.md for what is promised. */
  readonly worker: Worker;
}

export interface OutgoingWebhooksDeps {
  readonly database: Database;
  readonly events: EventWriter;
  readonly audit: AuditWriter;
  readonly boxes: SealedBoxes;
  readonly egress: Pick<Poster, 'post' | 'checkUrl'>;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly log: Log;
  readonly learnSecret: (secret: string, tenantId: string) => void;
  readonly redact: (text: string, tenantId: string) => string;
  /** 0 ≤ value < 1. */
  readonly random: () => number;
  /** Default: 5 faults in a row open the circuit for 10 s, twice as long each further time, 5 min at most. */
  readonly circuit?: CircuitRules;
  /** See WorkerOptions. */
  readonly capacity?: number;
  readonly tickMs?: number;
  readonly leaseMs?: number;
}

/** Who switches a failing subscription off. */
const dispatcher = { kind: 'system', id: 'dispatcher', name: 'Webhook dispatcher' } as const;

export function createOutgoingWebhooks(deps: OutgoingWebhooksDeps): OutgoingWebhooks {
  const { database, boxes, egress, clock, log } = deps;
  const targets = createTargets({ database, openBox: boxes.open, learnSecret: deps.learnSecret });
  const sending = { post: egress.post, clock, redact: deps.redact };
  const subscriptions = createSubscriptions({ ...deps, checkUrl: egress.checkUrl });
  const worker = createWorker({
    ...deps,
    attempt: createAttempt({ ...sending, targets, log, random: deps.random }),
    record: createOutcomes({ ...deps, circuit: deps.circuit ?? defaultCircuit }),
    async switchOff({ tenantId, subscriptionId, reason }) {
      const principal = { ...dispatcher, tenantId: tenantId as TenantId, scopes: new Set<never>() };
      try {
        await subscriptions.disable({ principal, requestId: createId() }, subscriptionId, reason);
      } catch (error) {
        // Deleted in the meantime.
        if (HubError.from(error).code !== 'not_found') throw error;
      }
    },
  });
  const deliveries = createDeliveries({ ...deps, wake: worker.wake });

  return {
    subscriptions,
    deliveries,
    recovery: createRecovery({ ...deps, wake: worker.wake }),
    dead: createDeadDeliveries({ database, clock, wake: worker.wake }),
    worker,
    async test(acting, subscriptionId) {
      const { tenantId, kind, id: actorId, name } = acting.principal;
      const subscription = await database.tenant(tenantId, (tx) => requireSubscription(tx, subscriptionId));
      const ref = { tenantId, subscriptionId, revision: subscription.revision };
      const target = await targets.find({ ...ref, subscriptionVersion: subscription.version });
      if (typeof target === 'string') throw new HubError('conflict', 'The subscription has just changed; try again.');
      const now = clock.now();
      const event: IntegrationEvent = {
        id: createId(),
        type: 'webhook.test',
        source: 'hub',
        tenantId,
        timestamp: now.toISOString(),
        data: { subscriptionId, message: 'A test send, asked for by a person.' },
        correlationId: acting.requestId,
        metadata: { connectorId: null, connectorVersion: null, deliveryAttempt: 1 },
      };
      const id = createId<string>();
      const sent = await sendDelivery(sending, { tenantId, id, attempts: 0, event }, target);
      const { responseStatus, errorCode } = sent.attempt;
      await database.tenant(tenantId, async (tx) => {
        await insertFinished(tx, {
          ...ref,
          id,
          eventId: event.id,
          eventAt: now,
          eventType: event.type,
          status: sent.success ? 'delivered' : 'exhausted',
          url: target.settings.url,
          responseStatus,
          errorCode,
          at: clock.now(),
        });
        await insertAttempts(tx, [sent.attempt]);
        await deps.audit.append(tx, {
          actor: { kind, id: actorId, name },
          action: 'subscription.test',
          target: { type: 'webhook_subscription', id: subscriptionId, name: subscription.name },
          outcome: sent.success ? 'success' : 'failure',
          requestId: acting.requestId,
          details: { deliveryId: id, responseStatus, errorCode },
        });
      });
      return deliveries.get(tenantId, subscriptionId, id);
    },
  };
}
