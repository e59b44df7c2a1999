import { type Clock, isId, type TenantId, type WebhookAttempt } from '@inthub/contracts';
import type { Database } from '../../database/database.ts';
import { parseTypePattern, type RedriveOptions } from '../../events/events.ts';
import { type DeadDeliveryRow, selectDead, selectOldestDead, skipDead } from './dead-delivery-repository.ts';
import { findAttempts } from './delivery-repository.ts';
import { parseTime } from './parse-time.ts';
import { putBack } from './put-back.ts';

/** All given fields must hold. */
export interface DeadDeliveryFilter {
  readonly ids?: readonly string[];
  readonly subscriptionId?: string;
  /** Event type pattern. */
  readonly type?: string;
  /** Of the event. */
  readonly source?: string;
  /** When it was given up: at or after, before; ISO 8601. */
  readonly since?: string;
  readonly until?: string;
}

interface Changed {
  readonly count: number;
  /** The limit was reached. */
  readonly more: boolean;
}

/** Deliveries of the tenant that were given up or parked: the dead letters of webhooks out. */
export interface DeadDeliveries {
  /** Newest first, behind a place in that order. @throws HubError `invalid_request` naming the field */
  newest(
    tenantId: TenantId,
    filter: DeadDeliveryFilter,
    from: { readonly after?: { readonly at: Date; readonly id: string }; readonly take: number },
  ): Promise<readonly DeadDeliveryRow[]>;
  /** With its attempts, oldest first. */
  find(
    tenantId: TenantId,
    id: string,
  ): Promise<(DeadDeliveryRow & { readonly attemptLog: readonly WebhookAttempt[] }) | undefined>;
  /**
   * Sends them again, the ones given up first first, under the present settings. One whose event the log no longer has stays and is not
   * counted. @param options.offset how many places of the pace are taken already
   */
  redrive(
    tenantId: TenantId,
    filter: DeadDeliveryFilter,
    options: Required<Pick<RedriveOptions, 'dryRun' | 'pacePerSecond' | 'limit'>> &
      Pick<RedriveOptions, 'record'> & { readonly offset: number },
  ): Promise<Changed>;
  /** Gives them up for good; they stay in the history as skipped. */
  drop(
    tenantId: TenantId,
    filter: DeadDeliveryFilter,
    options: Required<Pick<RedriveOptions, 'dryRun' | 'limit'>> & Pick<RedriveOptions, 'record'>,
  ): Promise<Changed>;
}

export function createDeadDeliveries({
  database,
  clock,
  wake,
}: {
  readonly database: Database;
  readonly clock: Clock;
  /** Tells this process's worker that something may be due. */
  readonly wake: () => void;
}): DeadDeliveries {
  const queryOf = ({ type = '*', since, until, ids, subscriptionId, source }: DeadDeliveryFilter) => ({
    type: parseTypePattern(type),
    ...(ids === undefined ? {} : { ids }),
    ...(subscriptionId === undefined ? {} : { subscriptionId }),
    ...(source === undefined ? {} : { source }),
    ...(since === undefined ? {} : { since: parseTime('/since', since) }),
    ...(until === undefined ? {} : { until: parseTime('/until', until) }),
  });

  return {
    newest: (tenantId, filter, { after, take }) =>
      database.tenant(tenantId, (tx) =>
        selectDead(tx, queryOf(filter), { limit: take, ...(after === undefined ? {} : { after }) }),
      ),

    find: (tenantId, id) =>
      database.tenant(tenantId, async (tx) => {
        const [found] = isId(id) ? await selectDead(tx, { ids: [id], type: 'any' }, { limit: 1 }) : [];
        return found === undefined ? undefined : { ...found, attemptLog: await findAttempts(tx, id) };
      }),

    async redrive(tenantId, filter, { dryRun, pacePerSecond, limit, offset, record }) {
      const query = queryOf(filter);
      const result = await database.tenant(tenantId, async (tx) => {
        const found = await selectOldestDead(tx, query, { limit: limit + 1, onlySendable: true });
        const total = found.exhausted.length + found.parked.length;
        const more = total > limit;
        if (dryRun || total === 0) return { count: Math.min(total, limit), more };
        const taken = more ? await selectOldestDead(tx, query, { limit, onlySendable: true }) : found;
        const count = await putBack(tx, taken, { from: clock.now(), perSecond: pacePerSecond, offset });
        await record?.(tx, count);
        return { count, more };
      });
      if (!dryRun) wake();
      return result;
    },

    drop: (tenantId, filter, { dryRun, limit, record }) =>
      database.tenant(tenantId, async (tx) => {
        const query = queryOf(filter);
        const found = await selectOldestDead(tx, query, { limit: limit + 1, onlySendable: false });
        const total = found.exhausted.length + found.parked.length;
        const more = total > limit;
        if (dryRun || total === 0) return { count: Math.min(total, limit), more };
        const taken = more ? await selectOldestDead(tx, query, { limit, onlySendable: false }) : found;
        const count = await skipDead(tx, taken, clock.now());
        await record?.(tx, count);
        return { count, more };
      }),
  };
}
