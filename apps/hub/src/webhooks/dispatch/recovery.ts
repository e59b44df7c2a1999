import { HubError, type WebhookDelivery } from '@inthub/contracts';
import { type DeliveriesDeps, type DeliveryQuery, readFilter } from './deliveries.ts';
import { deliveryIdOf } from './delivery-id.ts';
import { selectDeliveries } from './delivery-repository.ts';
import { insertDeliveries, lockKeys, promoteHeads } from './enqueue-repository.ts';
import { createMatcher } from './matcher.ts';
import { parseTime } from './parse-time.ts';
import { putBack } from './put-back.ts';
import type { NewDelivery } from './queue-row.ts';
import { selectEventsSince, selectUnknown } from './redelivery-repository.ts';
import { type Acting, requireSubscription } from './subscription-context.ts';

export interface RedriveOptions {
  /** Counts and changes nothing. */
  readonly dryRun?: boolean;
  /** How many a second come due. Default 10. */
  readonly pacePerSecond?: number;
  /** At most so many in one go. Default and most 10,000. */
  readonly limit?: number;
}

export interface RecoverRequest extends RedriveOptions {
  /** ISO 8601: events from then on. */
  readonly since: string;
  readonly until?: string;
  /** `failed`: given up. `missing`: matches and was never queued, for example while the subscription was disabled. Default both. */
  readonly which?: 'failed' | 'missing' | 'both';
}

export interface Recovered {
  readonly failed: number;
  readonly missing: number;
  /** The limit was reached: ask again. For a dry run: there are more than were counted. */
  readonly more: boolean;
}

export interface Recovery {
  /** Sends dead letters again: given-up and parked deliveries of the tenant that fit the filter, newest event first. */
  redrive(
    acting: Acting,
    filter: Omit<DeliveryQuery, 'status'> & { readonly ids?: readonly string[] },
    options?: RedriveOptions,
  ): Promise<{ readonly count: number; readonly more: boolean }>;
  /** Makes good what one subscription did not get. @throws HubError `not_found`, `conflict` while it is disabled */
  recover(acting: Acting, subscriptionId: string, request: RecoverRequest): Promise<Recovered>;
}

const deadStatuses: readonly WebhookDelivery['status'][] = ['exhausted', 'parked'];
const failedStatuses: readonly WebhookDelivery['status'][] = ['exhausted', 'parked', 'dropped'];
const most = 10_000;
const pageSize = 500;
/** Below every id. */
const firstId = '00000000-0000-0000-0000-000000000000';

export function createRecovery({ database, audit, clock, wake }: DeliveriesDeps): Recovery {
  async function record(acting: Acting, what: string, details: Readonly<Record<string, unknown>>, id?: string) {
    const { tenantId, kind, id: actorId, name } = acting.principal;
    await database.tenant(tenantId, (tx) =>
      audit.append(tx, {
        actor: { kind, id: actorId, name },
        action: `delivery.${what}`,
        target: id === undefined ? { type: 'tenant', id: tenantId } : { type: 'webhook_subscription', id },
        outcome: 'success',
        requestId: acting.requestId,
        details,
      }),
    );
  }

  /** Page by page, each in a transaction of its own: what was done stays done should a later page fail. */
  async function sendAgain(
    acting: Acting,
    filter: DeliveryQuery & { readonly ids?: readonly string[] },
    { dryRun = false, pacePerSecond = 10, limit = most }: RedriveOptions,
  ): Promise<{ count: number; more: boolean }> {
    const { ids, ...query } = filter;
    const read = readFilter({ ...query, withoutTests: true });
    const from = clock.now();
    const take = Math.min(limit, most);
    let count = 0;
    let afterId: string | undefined;
    for (;;) {
      const page = await database.tenant(acting.principal.tenantId, async (tx) => {
        const size = Math.min(pageSize, take - count + 1);
        const found = await selectDeliveries(tx, read, { limit: size, ...(afterId === undefined ? {} : { afterId }) });
        const fitting = found.filter(({ id }) => ids?.includes(id) !== false).slice(0, take - count);
        const done = dryRun
          ? fitting.length
          : await putBack(tx, deadIdsOf(fitting), { from, perSecond: pacePerSecond, offset: count });
        return { done, isLast: found.length < size, lastId: found.at(-1)?.id };
      });
      count += page.done;
      afterId = page.lastId;
      if (page.isLast || afterId === undefined) return { count, more: false };
      if (count >= take) return { count, more: true };
    }
  }

  async function queueMissing(
    acting: Acting,
    subscriptionId: string,
    { since, until, dryRun, perSecond, limit }: MissingQuery,
  ): Promise<{ count: number; more: boolean }> {
    const from = clock.now();
    let after = { at: since, id: firstId };
    let count = 0;
    for (;;) {
      const page = await database.tenant(acting.principal.tenantId, async (tx) => {
        const { settings, revision } = await requireSubscription(tx, subscriptionId);
        const matcher = createMatcher({ id: subscriptionId, revision, settings });
        const events = await selectEventsSince(tx, { after, until, limit: pageSize });
        const wanted = events
          .filter((event) => matcher.matches(event))
          .map((event) => ({ event, id: deliveryIdOf(event.id, subscriptionId), eventAt: event.timestamp }));
        const unknown = await selectUnknown(tx, subscriptionId, wanted);
        const missing = wanted.filter(({ id }) => unknown.has(id)).slice(0, limit - count);
        const deliveries = missing.map(({ event, id }, index): NewDelivery => {
          const order = matcher.orderKeyOf(event);
          return {
            tenantId: tx.tenantId,
            subscriptionId,
            id,
            event,
            revision,
            orderKey: order?.digest ?? null,
            orderText: order?.text ?? null,
            dueAt: new Date(from.getTime() + (1000 * (count + index)) / perSecond),
          };
        });
        if (!dryRun) {
          const keys = deliveries.flatMap(({ orderKey, ...ref }) => (orderKey === null ? [] : [{ ...ref, orderKey }]));
          await lockKeys(tx, keys);
          await insertDeliveries(tx, deliveries);
          await promoteHeads(tx, keys, from);
        }
        return { found: missing.length, last: events.at(-1), isLast: events.length < pageSize };
      });
      count += page.found;
      if (count >= limit) return { count, more: true };
      if (page.isLast || page.last === undefined) return { count, more: false };
      after = { at: new Date(page.last.timestamp), id: page.last.id };
    }
  }

  return {
    async redrive(acting, filter, options = {}) {
      const result = await sendAgain(acting, { ...filter, status: deadStatuses }, options);
      if (options.dryRun !== true) await record(acting, 'redrive', { ...filter, ...options, ...result });
      wake();
      return result;
    },

    async recover(acting, subscriptionId, { since, until, which = 'both', ...options }) {
      const { dryRun = false, pacePerSecond = 10, limit = most } = options;
      const start = parseTime('/since', since);
      const end = until === undefined ? clock.now() : parseTime('/until', until);
      await database.tenant(acting.principal.tenantId, async (tx) => {
        const { active } = await requireSubscription(tx, subscriptionId);
        if (!active && !dryRun) throw new HubError('conflict', 'The subscription is disabled; enable it first.');
      });
      const query = { subscriptionId, since: start.toISOString(), until: end.toISOString(), status: failedStatuses };
      const none = { count: 0, more: false };
      const failed = which === 'missing' ? none : await sendAgain(acting, query, options);
      const left = Math.min(limit, most) - failed.count;
      const missing =
        which === 'failed' || left <= 0
          ? none
          : await queueMissing(acting, subscriptionId, {
              since: start,
              until: end,
              dryRun,
              perSecond: pacePerSecond,
              limit: left,
            });
      const result = { failed: failed.count, missing: missing.count, more: failed.more || missing.more };
      if (!dryRun) await record(acting, 'recover', { since, until, which, pacePerSecond, ...result }, subscriptionId);
      wake();
      return result;
    },
  };
}

function deadIdsOf(deliveries: readonly WebhookDelivery[]) {
  const idsOf = (parked: boolean) =>
    deliveries.filter(({ status }) => (status === 'parked') === parked).map(({ id }) => id);
  return { exhausted: idsOf(false), parked: idsOf(true) };
}

interface MissingQuery {
  readonly since: Date;
  readonly until: Date;
  readonly dryRun: boolean;
  readonly perSecond: number;
  readonly limit: number;
}
