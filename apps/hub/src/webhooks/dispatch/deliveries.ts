import {
  HubError,
  isId,
  type Page,
  type TenantId,
  type WebhookDelivery,
  type WebhookDeliveryDetail,
} from '@inthub/contracts';
import { cursorKind, pageById, type TenantTx } from '../../database/database.ts';
import { parseTypePattern } from '../../events/events.ts';
import {
  type DeliveryFilter,
  findAttempts,
  findBlocker,
  findDelivery,
  selectDeliveries,
} from './delivery-repository.ts';
import { lockKeys, promoteHeads } from './enqueue-repository.ts';
import { parseTime } from './parse-time.ts';
import { findQueued, hasten, park, requeueFinished, skip, unpark } from './redelivery-repository.ts';
import { type Acting, requireSubscription, type SubscriptionsDeps } from './subscription-context.ts';

/** What the API lets callers filter by. Times are ISO 8601 and the event's. */
export interface DeliveryQuery {
  readonly subscriptionId?: string;
  readonly status?: readonly WebhookDelivery['status'][];
  /** Type pattern. */
  readonly type?: string;
  readonly since?: string;
  readonly until?: string;
  /** Leaves out test sends: their event is not in the log, so they are never sent again, and a person has seen how they went. */
  readonly withoutTests?: true;
}

export interface Deliveries {
  /** Newest event first. @throws HubError `not_found` for an unknown subscription, `invalid_cursor` */
  list(tenantId: TenantId, query: DeliveryQuery & { cursor?: string; limit: number }): Promise<Page<WebhookDelivery>>;
  /** @throws HubError `not_found` */
  get(tenantId: TenantId, subscriptionId: string, id: string): Promise<WebhookDeliveryDetail>;
  /** Sends it again as soon as possible, under the same webhook-id and the present settings. @throws HubError `not_found`, `conflict` */
  resend(acting: Acting, subscriptionId: string, id: string): Promise<WebhookDelivery>;
  /** Sets a waiting delivery aside; what is behind it in its key goes on. @throws HubError `not_found`, `conflict` */
  park(acting: Acting, subscriptionId: string, id: string): Promise<WebhookDelivery>;
  /** Gives a waiting delivery up; what is behind it in its key goes on. @throws HubError `not_found`, `conflict` */
  skip(acting: Acting, subscriptionId: string, id: string): Promise<WebhookDelivery>;
}

export type DeliveriesDeps = Pick<SubscriptionsDeps, 'database' | 'audit' | 'clock'> & {
  /** Tells this process's worker that something may be due. */
  readonly wake: () => void;
};

/** @throws HubError `invalid_request` naming the field. */
export function readFilter({
  subscriptionId,
  status,
  type,
  since,
  until,
  withoutTests,
}: DeliveryQuery): DeliveryFilter {
  return {
    ...(subscriptionId === undefined ? {} : { subscriptionId }),
    ...(status === undefined ? {} : { statuses: status }),
    ...(type === undefined ? {} : { type: parseTypePattern(type) }),
    ...(since === undefined ? {} : { since: parseTime('/since', since) }),
    ...(until === undefined ? {} : { until: parseTime('/until', until) }),
    ...(withoutTests === undefined ? {} : { withoutTests }),
  };
}

export function createDeliveries({ database, audit, clock, wake }: DeliveriesDeps): Deliveries {
  async function change(
    acting: Acting,
    { subscriptionId, id, what }: { subscriptionId: string; id: string; what: string },
    work: (tx: TenantTx) => Promise<void>,
  ): Promise<WebhookDelivery> {
    const changed = await database.tenant(acting.principal.tenantId, async (tx) => {
      const subscription = await requireSubscription(tx, subscriptionId);
      if (!isId(id)) throw noSuchDelivery();
      const queued = await findQueued(tx, subscriptionId, id);
      const key = queued?.order_key ?? null;
      const keys = key === null ? [] : [{ tenantId: tx.tenantId, subscriptionId, orderKey: key }];
      await lockKeys(tx, keys);
      await work(tx);
      await promoteHeads(tx, keys, clock.now());
      const after = await findDelivery(tx, subscriptionId, id);
      if (after === undefined) throw noSuchDelivery();
      const { kind, id: actorId, name } = acting.principal;
      await audit.append(tx, {
        actor: { kind, id: actorId, name },
        action: `delivery.${what}`,
        target: { type: 'webhook_delivery', id, name: subscription.name },
        outcome: 'success',
        requestId: acting.requestId,
        details: { subscriptionId, eventId: after.eventId, eventType: after.eventType, status: after.status },
      });
      return after;
    });
    wake();
    return changed;
  }

  async function refuse(tx: TenantTx, subscriptionId: string, id: string, why: string): Promise<never> {
    const found = await findDelivery(tx, subscriptionId, id);
    if (found === undefined) throw noSuchDelivery();
    throw new HubError('conflict', `The delivery is ${found.status}: ${why}`, { details: { status: found.status } });
  }

  return {
    async list(tenantId, { cursor, limit, ...query }) {
      const filter = readFilter(query);
      const kind = cursorKind('webhook_deliveries', { ...query });
      return pageById(kind, { cursor, limit }, ({ afterId, take }) =>
        database.tenant(tenantId, async (tx) => {
          if (query.subscriptionId !== undefined) await requireSubscription(tx, query.subscriptionId);
          return selectDeliveries(tx, filter, { limit: take, ...(afterId === null ? {} : { afterId }) });
        }),
      );
    },

    get: (tenantId, subscriptionId, id) =>
      database.tenant(tenantId, async (tx) => {
        const found = isId(subscriptionId) && isId(id) ? await findDelivery(tx, subscriptionId, id) : undefined;
        if (found === undefined) throw noSuchDelivery();
        const blockedBy = found.status === 'blocked' ? await findBlocker(tx, subscriptionId, id) : null;
        return { ...found, blockedBy, attemptLog: await findAttempts(tx, id) };
      }),

    resend: (acting, subscriptionId, id) =>
      change(acting, { subscriptionId, id, what: 'resend' }, async (tx) => {
        const pace = { from: clock.now(), perSecond: 1, offset: 0 };
        const queued = await findQueued(tx, subscriptionId, id);
        if (queued === undefined) {
          if ((await requeueFinished(tx, [id], pace)) === 1) return;
          await refuse(tx, subscriptionId, id, 'its event is no longer in the log, so it cannot be sent again.');
        } else if (queued.state === 'parked') {
          await unpark(tx, [id], pace);
        } else if (queued.state === 'blocked') {
          await refuse(tx, subscriptionId, id, 'another one of its key goes first; park or skip that one.');
        } else if (!(await hasten(tx, subscriptionId, id, clock.now()))) {
          await refuse(tx, subscriptionId, id, 'it is being sent at this moment.');
        }
      }),

    park: (acting, subscriptionId, id) =>
      change(acting, { subscriptionId, id, what: 'park' }, async (tx) => {
        if (!(await park(tx, subscriptionId, id, clock.now()))) {
          await refuse(tx, subscriptionId, id, 'only a delivery that waits can be parked.');
        }
      }),

    skip: (acting, subscriptionId, id) =>
      change(acting, { subscriptionId, id, what: 'skip' }, async (tx) => {
        if (!(await skip(tx, subscriptionId, id, clock.now()))) {
          await refuse(tx, subscriptionId, id, 'only a delivery that waits can be skipped.');
        }
      }),
  };
}

function noSuchDelivery(): HubError {
  return new HubError('not_found', 'There is no such delivery of this subscription.');
}
