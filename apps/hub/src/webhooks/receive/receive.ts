import type { Clock } from '@inthub/contracts';
import type { AuditWriter } from '../../audit/audit.ts';
import type { Database } from '../../database/database.ts';
import type { EventWriter } from '../../events/events.ts';
import type { ConnectorRegistry } from '../../runtime/runtime.ts';
import type { Log, Metrics } from '../../telemetry/telemetry.ts';
import type { Vault } from '../../vault/vault.ts';
import { createArrivalLimit } from './arrival-limit.ts';
import { packBodies } from './body-packs.ts';
import { createInboundDeliveries, type InboundDeliveries } from './deliveries.ts';
import { createEndpointDirectory } from './endpoint-directory.ts';
import { createWebhookEndpoints, type WebhookEndpoints, type WebhookEndpointsDeps } from './endpoints.ts';
import { createFloodWatch } from './flood-watch.ts';
import { createGroupCommit, type GroupCommitOptions, type StoredInbound } from './group-commit.ts';
import type { NewInbound } from './inbound-delivery.ts';
import { createIngestMetrics } from './ingest-metrics.ts';
import { findStoredIds, storeDeliveries, wakeWorkers } from './ingest-repository.ts';
import { createDeliveryReceiver, type DeliveryReceiver } from './receiver.ts';
import { createRefusalBudget } from './refusal-budget.ts';
import { createRefusalLog } from './refusal-log.ts';
import { createRenewals, type RenewalsDeps } from './renewals.ts';
import { createTranslator, leaseMs } from './translator.ts';

/** Webhooks in: endpoints, the way of a delivery, and what became of it. */
export interface InboundWebhooks {
  readonly receiver: DeliveryReceiver;
  readonly endpoints: WebhookEndpoints;
  readonly deliveries: InboundDeliveries;
  /** Something about the integration has changed, here or on another replica. */
  forget(integrationId: string): void;
  forgetAll(): void;
  /** Another process has stored deliveries. */
  wake(): void;
  /** Begins to translate, and to renew webhooks at the products, in a process that is a worker. */
  startTranslating(): void;
  /** Translates what is due, until nothing is. For tests. */
  translateDue(): Promise<number>;
  /** Stores what has been accepted, and writes out what was counted. */
  close(): Promise<void>;
}

export interface InboundWebhooksDeps
  extends Pick<WebhookEndpointsDeps, 'findIntegration' | 'register' | 'deregister' | 'publicUrl'>,
    Pick<RenewalsDeps, 'renew'> {
  readonly database: Database;
  readonly audit: AuditWriter;
  readonly events: EventWriter;
  readonly vault: Pick<Vault, 'store' | 'revoke' | 'webhookSecrets'>;
  readonly registry: ConnectorRegistry;
  readonly metrics: Pick<Metrics, 'registry'>;
  /** `Listener.presence` of this process. */
  readonly presence: number;
  readonly clock: Clock;
  readonly log: Log;
  /** Bounds of what waits to be stored, for tests. */
  readonly bounds?: Omit<GroupCommitOptions, 'write'>;
}

const wakeEveryMs = 200;

export function createInboundWebhooks(deps: InboundWebhooksDeps): InboundWebhooks {
  const { database, audit, clock, log } = deps;
  const metrics = createIngestMetrics(deps.metrics, () => commit.waiting);
  const directory = createEndpointDirectory(deps);
  const refusals = createRefusalLog({
    writeAudit: (tenantId, records) => database.tenant(tenantId, (tx) => audit.appendAll(tx, records)),
    clock,
    log,
  });
  const renewals = createRenewals(deps);
  const translator = createTranslator({ ...deps, metrics, isFlooded: createFloodWatch(() => commit.waiting) });
  let isTranslating = false;
  let wokenAtMs = Number.NEGATIVE_INFINITY;
  const commit = createGroupCommit({ ...deps.bounds, write });

  /** Each NOTIFY holds up all other commits that notify; workers that miss one look again within a second. */
  function isTimeToWake(): boolean {
    const nowMs = clock.monotonicMs();
    if (nowMs - wokenAtMs < wakeEveryMs) return false;
    wokenAtMs = nowMs;
    return true;
  }

  /** Behind the commit and not in it, where it would hold up the answers: a worker that does not hear of it looks by itself. */
  async function tellWorkers(): Promise<void> {
    await database.system('inthub_ingest', wakeWorkers).catch((error: unknown) => {
      log.debug({ err: error }, 'workers were not told of deliveries');
    });
  }

  function leaseFromNow() {
    return { id: translator.leaseId, until: new Date(clock.now().getTime() + leaseMs), holder: deps.presence };
  }

  /** A worker in this process takes what it has room for straight from memory; the rest is found in the database. */
  async function write(batch: readonly NewInbound[]): Promise<readonly StoredInbound[]> {
    const isLocal = isTranslating && translator.hasRoom;
    const lease = isLocal ? leaseFromNow() : null;
    const packed = await packBodies(batch);
    const fresh = await database.system('inthub_ingest', (tx) => {
      tx.commitBehindNext();
      return storeDeliveries(tx, packed, { lease });
    });
    // Before anything else can fail: whoever has stored them holds them.
    if (isLocal)
      translator.accept(batch.flatMap((delivery) => (fresh.has(delivery.id) ? [{ ...delivery, attempts: 0 }] : [])));
    else translator.wake();
    if (!isTranslating && fresh.size > 0 && isTimeToWake()) void tellWorkers();
    const duplicates = batch.filter(({ id }) => !fresh.has(id));
    if (duplicates.length === 0) return batch.map(({ id }) => ({ id, duplicate: false }));
    const first = await database.system('inthub_ingest', (tx) => findStoredIds(tx, duplicates));
    return batch.map(({ id }) =>
      fresh.has(id) ? { id, duplicate: false } : { id: first.get(id) ?? id, duplicate: true },
    );
  }

  return {
    receiver: createDeliveryReceiver({
      directory,
      commit,
      refusals,
      budget: createRefusalBudget(clock),
      limit: createArrivalLimit(clock),
      metrics,
      clock,
      log,
    }),
    endpoints: createWebhookEndpoints(deps),
    deliveries: createInboundDeliveries({ ...deps, wake: translator.wake }),
    forget: directory.forget,
    forgetAll: directory.forgetAll,
    wake: translator.wake,
    startTranslating() {
      isTranslating = true;
      translator.start();
      renewals.start();
    },
    translateDue: translator.runDue,
    async close() {
      await commit.close();
      isTranslating = false;
      await translator.stop();
      await renewals.stop();
      await refusals.close();
    },
  };
}
