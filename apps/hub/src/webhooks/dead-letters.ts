import {
  HubError,
  type IntegrationEvent,
  invalidField,
  type Page,
  type TenantId,
  type WebhookAttempt,
} from '@inthub/contracts';
import { cursorKind, pageByTime, type TenantTx } from '../database/database.ts';
import type { DeadLetter, DeadLetterFilter, DeadLetters, RedriveOptions } from '../events/events.ts';
import type { DeadDeliveries } from './dispatch/dead-deliveries.ts';
import type { DeadDeliveryRow } from './dispatch/dead-delivery-repository.ts';

export const deadLetterKinds = ['event', 'delivery'] as const;
/** `event`: given up by a part of the hub, a consumer of the bus. `delivery`: an outgoing webhook that was given up or parked. */
export type DeadLetterKind = (typeof deadLetterKinds)[number];

/** What was given up and waits for a person, of either kind. */
export interface AnyDeadLetter {
  readonly kind: DeadLetterKind;
  /** Of a delivery: its own, the webhook-id. */
  readonly id: string;
  /** Who gave it up; null for a delivery. */
  readonly consumer: string | null;
  /** Whose it was to be; null for an event. */
  readonly subscriptionId: string | null;
  /** Of a delivery: `parked` has kept its place in the order; null for an event. */
  readonly deliveryStatus: 'exhausted' | 'parked' | null;
  readonly eventType: string;
  /** Null when the log no longer has it (deliveries only: for those nothing else keeps it). */
  readonly event: IntegrationEvent | null;
  readonly attempts: number;
  /** Code and message of the last failure, redacted. */
  readonly error: string;
  /** ISO 8601. */
  readonly deadAt: string;
  /** How often it was sent round again; null for a delivery, whose attempts go on counting. */
  readonly redrives: number | null;
}

/** All given fields must hold. */
export interface AnyDeadLetterFilter extends DeadLetterFilter {
  readonly kind?: DeadLetterKind;
  /** Deliveries only. */
  readonly subscriptionId?: string;
}

export interface ChangeOptions extends Pick<RedriveOptions, 'dryRun' | 'limit'> {
  /** Of which kinds the caller may change any; default all. */
  readonly kinds?: readonly DeadLetterKind[];
  /** Runs in each transaction that changes something: the audit entry. */
  readonly record?: (tx: TenantTx, changed: { readonly kind: DeadLetterKind; readonly count: number }) => Promise<void>;
}

export interface ChangedDeadLetters {
  readonly count: number;
  /** Of these. */
  readonly events: number;
  readonly deliveries: number;
  /** More match than were taken in one go. */
  readonly more: boolean;
}

/** Everything that was given up, in one place: events of consumers and deliveries of webhooks out. */
export interface AllDeadLetters {
  /** Newest first. @throws HubError `invalid_request` naming the field, `invalid_cursor` */
  list(
    tenantId: TenantId,
    query: AnyDeadLetterFilter & {
      readonly kinds?: readonly DeadLetterKind[];
      readonly cursor?: string;
      readonly limit: number;
    },
  ): Promise<Page<AnyDeadLetter>>;
  /** `attemptLog` of a delivery: request and response of each try. @throws HubError `not_found` */
  get(
    tenantId: TenantId,
    id: string,
    kinds?: readonly DeadLetterKind[],
  ): Promise<AnyDeadLetter & { readonly attemptLog?: readonly WebhookAttempt[] }>;
  /**
   * Sends them again at one pace (default 10 a second) for both kinds together: events first, each kind oldest first. Left alone and not
   * counted: events of a consumer that is gone, deliveries whose event or subscription is gone.
   */
  redrive(
    tenantId: TenantId,
    filter: AnyDeadLetterFilter,
    options?: ChangeOptions & { readonly pacePerSecond?: number },
  ): Promise<ChangedDeadLetters>;
  /** Events are deleted; deliveries stay in the history as skipped. An empty filter is refused: name at least one field. */
  drop(tenantId: TenantId, filter: AnyDeadLetterFilter, options?: ChangeOptions): Promise<ChangedDeadLetters>;
}

const mostAtOnce = 10_000;
const defaultPace = 10;

export function createAllDeadLetters({
  events,
  deliveries,
}: {
  readonly events: DeadLetters;
  readonly deliveries: DeadDeliveries;
}): AllDeadLetters {
  /** One kind after the other, the second with what the first has left of the limit. */
  async function change(
    filter: AnyDeadLetterFilter,
    { kinds = deadLetterKinds, limit = mostAtOnce }: ChangeOptions,
    work: Record<DeadLetterKind, (limit: number, offset: number) => Promise<{ count: number; more: boolean }>>,
  ): Promise<ChangedDeadLetters> {
    const wanted = kindsOf(filter, kinds);
    const counts = { event: 0, delivery: 0 };
    let more = false;
    for (const kind of deadLetterKinds) {
      if (!wanted.includes(kind)) continue;
      const done = counts.event + counts.delivery;
      if (done >= limit) more = true;
      else {
        const result = await work[kind](limit - done, done);
        counts[kind] = result.count;
        more ||= result.more;
      }
    }
    return { count: counts.event + counts.delivery, events: counts.event, deliveries: counts.delivery, more };
  }

  const recordOf = (kind: DeadLetterKind, record: ChangeOptions['record']) =>
    record === undefined ? {} : { record: (tx: TenantTx, count: number) => record(tx, { kind, count }) };

  return {
    async list(tenantId, { cursor, limit, kinds = deadLetterKinds, ...filter }) {
      const wanted = kindsOf(filter, kinds);
      const position = cursorKind('dead-letters', { ...filter, ids: filter.ids?.join() });
      return pageByTime(position, { cursor, limit, timeOf: ({ deadAt }) => deadAt }, async (from) => {
        const [ofBus, ofDispatch] = await Promise.all([
          wanted.includes('event') ? events.newest(tenantId, eventFilter(filter), from) : [],
          wanted.includes('delivery') ? deliveries.newest(tenantId, deliveryFilter(filter), from) : [],
        ]);
        return [...ofBus.map(fromEvent), ...ofDispatch.map(fromDelivery)].sort(newestFirst).slice(0, from.take);
      });
    },

    async get(tenantId, id, kinds = deadLetterKinds) {
      const [event, delivery] = await Promise.all([
        kinds.includes('event') ? events.find(tenantId, id) : undefined,
        kinds.includes('delivery') ? deliveries.find(tenantId, id) : undefined,
      ]);
      if (event !== undefined) return fromEvent(event);
      if (delivery !== undefined) return { ...fromDelivery(delivery), attemptLog: delivery.attemptLog };
      throw new HubError('not_found', 'There is no such dead letter.');
    },

    redrive(tenantId, filter, { pacePerSecond = defaultPace, dryRun = false, record, ...options } = {}) {
      return change(filter, options, {
        event: (limit) =>
          events.redrive(tenantId, eventFilter(filter), {
            dryRun,
            limit,
            pacePerSecond,
            ...recordOf('event', record),
          }),
        delivery: (limit, offset) =>
          deliveries.redrive(tenantId, deliveryFilter(filter), {
            dryRun,
            limit,
            pacePerSecond,
            offset,
            ...recordOf('delivery', record),
          }),
      });
    },

    async drop(tenantId, filter, { dryRun = false, record, ...options } = {}) {
      if (Object.values(filter).every((value) => value === undefined)) {
        throw invalidField('/filter', 'is empty: name at least one field; {"type": "*"} means all of them', 'required');
      }
      return change(filter, options, {
        event: (limit) =>
          events.drop(tenantId, { type: '*', ...eventFilter(filter) }, { dryRun, limit, ...recordOf('event', record) }),
        delivery: (limit) =>
          deliveries.drop(tenantId, deliveryFilter(filter), { dryRun, limit, ...recordOf('delivery', record) }),
      });
    },
  };
}

function kindsOf(
  { kind, consumer, subscriptionId }: AnyDeadLetterFilter,
  allowed: readonly DeadLetterKind[],
): readonly DeadLetterKind[] {
  return allowed.filter(
    (one) =>
      (kind === undefined || kind === one) &&
      (consumer === undefined || one === 'event') &&
      (subscriptionId === undefined || one === 'delivery'),
  );
}

function eventFilter({ kind: _kind, subscriptionId: _subscription, ...rest }: AnyDeadLetterFilter): DeadLetterFilter {
  return rest;
}

function deliveryFilter({ kind: _kind, consumer: _consumer, ...rest }: AnyDeadLetterFilter) {
  return rest;
}

function newestFirst(a: AnyDeadLetter, b: AnyDeadLetter): number {
  if (a.deadAt !== b.deadAt) return a.deadAt < b.deadAt ? 1 : -1;
  return a.id < b.id ? 1 : -1;
}

function fromEvent({ event, ...letter }: DeadLetter): AnyDeadLetter {
  return { ...letter, kind: 'event', subscriptionId: null, deliveryStatus: null, event, eventType: event.type };
}

function fromDelivery({ status, errorCode, error, deadAt, ...row }: DeadDeliveryRow): AnyDeadLetter {
  const { id, subscriptionId, eventType, event, attempts } = row;
  return {
    kind: 'delivery',
    id,
    consumer: null,
    subscriptionId,
    deliveryStatus: status,
    eventType,
    event,
    attempts,
    error: [errorCode, error].filter((part) => part !== null).join(': ') || 'set aside by a person',
    deadAt: deadAt.toISOString(),
    redrives: null,
  };
}
