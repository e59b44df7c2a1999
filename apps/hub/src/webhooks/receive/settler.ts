// Deliveries that a worker holds become their events: all of a tenant's in one transaction with the note that they were made.
import { type Clock, HubError, type TenantId } from '@inthub/contracts';
import type { Database } from '../../database/database.ts';
import type { EventWriter, NewEvent } from '../../events/events.ts';
import type { Log } from '../../telemetry/telemetry.ts';
import { acquit, type Settlement, settleLeased } from './delivery-repository.ts';
import type { PendingInbound } from './inbound-delivery.ts';
import type { IngestMetrics } from './ingest-metrics.ts';
import { settlementOf } from './settlement.ts';
import { type TranslateDeps, translateDelivery } from './translate-delivery.ts';

export interface SettlerDeps extends TranslateDeps {
  readonly database: Database;
  readonly events: EventWriter;
  readonly metrics: IngestMetrics;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Translates deliveries that are held under `lease` and writes what became of them. Gives how many were settled; never rejects for what one
 * delivery holds.
 */
export type Settle = (deliveries: readonly PendingInbound[], lease: string) => Promise<number>;

export function createSettler(deps: SettlerDeps): Settle {
  const { database, events, metrics, clock, log } = deps;

  async function settle(deliveries: readonly PendingInbound[], lease: string): Promise<number> {
    let settled = 0;
    for (const [tenantId, own] of Map.groupBy(deliveries, (delivery) => delivery.tenantId)) {
      try {
        settled += await settleTenant(tenantId, own, lease);
      } catch (error) {
        settled += await settleRest(tenantId, own, lease, error);
      }
    }
    return settled;
  }

  /** One that cannot be stored must not hold back the others of its batch: each is tried alone, and that one is set aside. */
  async function settleRest(
    tenantId: TenantId,
    deliveries: readonly PendingInbound[],
    lease: string,
    error: unknown,
  ): Promise<number> {
    const [only] = deliveries;
    log.warn({ err: error, tenantId, deliveries: deliveries.length }, 'translated deliveries could not be stored');
    // Their leases run out, and they are taken up again; also where nobody knows whether they were settled.
    if (only === undefined || (error instanceof HubError && (error.retryable || error.code === 'unavailable')))
      return 0;
    if (deliveries.length > 1) {
      let settled = 0;
      for (const delivery of deliveries) settled += await settle([delivery], lease);
      return settled;
    }
    const settlement = settlementOf(
      only,
      { ok: false, error: `Its events could not be stored: ${reasonOf(error)}`, final: true, cause: error },
      clock.now(),
    );
    return database
      .tenant(tenantId, (tx) => settleLeased(tx, lease, [settlement], clock.now()))
      .then(
        (done) => done.size,
        () => 0,
      );
  }

  async function settleTenant(
    tenantId: TenantId,
    deliveries: readonly PendingInbound[],
    lease: string,
  ): Promise<number> {
    const eventsOf = new Map<string, readonly NewEvent[]>();
    const settlements: Settlement[] = [];
    const connectors = new Map<string, string>();
    for (const delivery of deliveries) {
      const translation = await translateDelivery(deps, delivery);
      connectors.set(delivery.id, delivery.webhookId.split('.')[0] ?? 'unknown');
      if (translation.ok) eventsOf.set(delivery.id, translation.events);
      else
        log.warn(
          { err: translation.cause, deliveryId: delivery.id, webhookId: delivery.webhookId },
          'delivery could not be translated',
        );
      settlements.push(settlementOf(delivery, translation, clock.now()));
    }
    const done = await database.tenant(tenantId, async (tx) => {
      const held = await settleLeased(tx, lease, settlements, clock.now());
      const lost = deliveries.filter(({ id }) => !held.has(id));
      if (lost.length > 0) await acquit(tx, lost);
      tx.commitBehindNext();
      await events.appendAll(
        tx,
        deliveries.flatMap(({ id }) => (held.has(id) ? (eventsOf.get(id) ?? []) : [])),
      );
      return held;
    });
    for (const { id, status } of settlements) {
      if (!done.has(id)) continue;
      metrics.translations.inc({
        connector: connectors.get(id) ?? 'unknown',
        status: status === 'pending' ? 'retried' : status,
      });
    }
    return done.size;
  }

  return settle;
}

/** Nested deeper than can be written, larger than an event may be, or something that the log tells. */
function reasonOf(error: unknown): string {
  if (error instanceof RangeError) return 'they are nested too deep.';
  return error instanceof HubError ? error.message : 'the hub’s log tells the cause.';
}
