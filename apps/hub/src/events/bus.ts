import type { EventId, IntegrationEvent, Page, TenantId } from '@inthub/contracts';
import type { TenantTx } from '../database/database.ts';
import type { NewEvent } from './new-event.ts';

/**
 * The event bus: how the rooms of the hub hear of each other's facts. The fact log (table `events`) is the truth; a bus carries it to
 * consumers. Two implementations behind this contract, under one test suite: PostgreSQL alone (default) and NATS JetStream.
 *
 * What it promises (docs/events.md says it in plain words):
 * - An event whose `publish` has resolved, or whose transaction has committed, reaches every durable consumer at least once, through
 *   `kill -9` of any process and restarts of the servers. Handlers must stand repetition: the event's `id` is the same each time.
 * - A consumer's replicas share its events: each is handled by one of them.
 * - `ordered` consumers handle the events of one source (of one tenant) one after the other, in the order of commit. All others may be
 *   handled in any order.
 * - An event that keeps failing is retried beside the stream and ends as a dead letter; it holds back no other event, except, for an
 *   ordered consumer, the later ones of its own source (`ConsumerStatus.parked` counts them). The same holds for one whose handling ends
 *   the process: from the second unclean stop in a row on, attempts are counted before they are made.
 */
export interface EventBus {
  /**
   * Durable when it resolves. With `tx` the event is part of the caller's transaction (outbox): durable, and heard of, only when that
   * commits. `event.tenantId` must be the tenant of `tx`.
   * @throws HubError `payload_too_large` (256 KiB of data), `unavailable` (it may or may not have been stored)
   */
  publish(event: PublishedEvent, tx?: TenantTx): Promise<EventId>;
  /** Several of one tenant in one transaction; they keep this order. */
  publishAll(tenantId: TenantId, events: readonly NewEvent[], tx?: TenantTx): Promise<readonly EventId[]>;

  /**
   * Hands every event whose type matches `pattern` (`integration.created`, `github.*` or `*`) to `handler`. A handler that rejects, or
   * takes longer than `timeoutMs`, is asked again later with `metadata.deliveryAttempt` one higher (the first is 1).
   *
   * With `consumer` the subscription is durable: see the promises above. Without it nothing is remembered: this process hears what is
   * committed from now on, once; failures are logged. For caches and live views.
   * @throws HubError `invalid_request` for a bad pattern, `internal` when this process has subscribed under that name already
   */
  subscribe(pattern: string, handler: EventHandler, options?: SubscribeOptions): Unsubscribe;

  /**
   * The same for handlers that take many at once (fan-out into a table): up to `maxBatch` events in log order, the next batch when the
   * handler has resolved. Events of one source keep their order. A batch that fails is handed over again in halves until the events that
   * are to blame stand alone; these are retried and dead-lettered like any other. Let the handler be one transaction, or stand repetition of what it
   * has begun (`waitUntil`).
   */
  subscribeBatch(pattern: string, handler: BatchHandler, options: BatchOptions): Unsubscribe;

  /**
   * Hands over what the log holds since `since` (ISO 8601; goes back as far as retention), oldest first, one after the other,
   * `deliveryAttempt` 0. A handler that rejects ends the replay with its error.
   * @returns how many events were handed over
   */
  replay(pattern: string, since: string, handler: EventHandler, options?: ReplayOptions): Promise<number>;

  /** Every durable consumer that was ever subscribed, with what waits for it. */
  consumers(): Promise<readonly ConsumerStatus[]>;

  readonly deadLetters: DeadLetters;

  /** Ends all subscriptions: handlers under way finish (at most 10 s), positions are written. */
  close(): Promise<void>;
}

export interface PublishedEvent extends NewEvent {
  readonly tenantId: TenantId;
}

export interface HandlerContext {
  /** Aborted when the time is up, the process stops or the consumer has moved to another replica. */
  readonly signal: AbortSignal;
}

export type EventHandler = (event: IntegrationEvent, context: HandlerContext) => Promise<void>;
export interface BatchContext extends HandlerContext {
  /**
   * The next batch may follow when the handler has resolved, but the consumer does not move past this one until `work` has resolved too;
   * when it rejects the batch is handed over again. It has no time limit, and at most 1 000 events are waited for like this.
   */
  waitUntil(work: Promise<unknown>): void;
}

export type BatchHandler = (events: readonly IntegrationEvent[], context: BatchContext) => Promise<void>;

interface DurableOptions {
  /**
   * How often a failed event is tried again before it becomes a dead letter. Default 5; 0: at the first failure. Also how many ends of the
   * process are put up with, at least one.
   */
  readonly maxRetries?: number;
  /** Pause before the first, second, … retry; the last value repeats. ±20 % jitter. Default 1 s, 5 s, 30 s, 2 min, 10 min. */
  readonly retryDelaysMs?: readonly number[];
  /** Only this tenant's events. */
  readonly tenantId?: TenantId;
  /** Longest time for one call of the handler. Default 60 s. */
  readonly timeoutMs?: number;
  /** Where a consumer of a new name begins. Default `now`: what commits after `ready`. `beginning`: all that the log still holds. */
  readonly from?: 'now' | 'beginning';
  /**
   * Says of an error that nothing can be handled at present (a server that the handler needs is away): the consumer waits (100 ms to
   * 5 s) and asks again in place, without counting an attempt. Default: a HubError `unavailable`, which is what the
   * database throws while it is away.
   */
  readonly pauseOn?: (error: unknown) => boolean;
}

export interface SubscribeOptions extends DurableOptions {
  /** Durable name, `[a-z0-9_-]{1,64}`: position, retries and dead letters belong to it, whatever process serves it. */
  readonly consumer?: string;
  /** One after the other for each source. Default false. */
  readonly ordered?: boolean;
  /** Handlers under way at once, in this process. Default 8. */
  readonly concurrency?: number;
}

export interface BatchOptions extends DurableOptions {
  readonly consumer: string;
  /** Default 500, at most 2 000. */
  readonly maxBatch?: number;
}

export interface ReplayOptions {
  readonly tenantId?: TenantId;
  /** ISO 8601; default: when the replay began. */
  readonly until?: string;
  readonly signal?: AbortSignal;
}

/** Ends the subscription; the consumer's position stays, and another subscription under its name goes on there. */
export interface Unsubscribe {
  (): Promise<void>;
  /** Resolves when the consumer is registered: events that commit from then on will be delivered. Rejects when it cannot be. */
  readonly ready: Promise<void>;
}

export interface ConsumerStatus {
  readonly name: string;
  readonly pattern: string;
  readonly ordered: boolean;
  /** Whether some process serves it at present. */
  readonly served: boolean;
  /** Events of the log behind its position, whatever their type; counted up to 10 000. */
  readonly behind: number;
  /** Events that wait for a retry. */
  readonly retrying: number;
  /** Events that wait behind a failing one of their source (ordered consumers only). */
  readonly parked: number;
  readonly deadLetters: number;
}

/** An event that one consumer gave up. The event is kept whole, longer than the log may keep it. */
export interface DeadLetter {
  readonly id: string;
  readonly consumer: string;
  readonly event: IntegrationEvent;
  /** How often the handler was asked. */
  readonly attempts: number;
  /** Code and message of the last failure, redacted; at most 2 000 characters. */
  readonly error: string;
  /** ISO 8601. */
  readonly deadAt: string;
  /** How often it was sent round again already. */
  readonly redrives: number;
}

/** All given fields must hold. */
export interface DeadLetterFilter {
  readonly ids?: readonly string[];
  readonly consumer?: string;
  /** Event type pattern. */
  readonly type?: string;
  readonly source?: string;
  /** `deadAt` at or after, before; ISO 8601. */
  readonly since?: string;
  readonly until?: string;
}

export interface RedriveOptions {
  /** Counts and changes nothing. */
  readonly dryRun?: boolean;
  /** How many a second come due. Default 10; 0.1 to 1 000. */
  readonly pacePerSecond?: number;
  /** At most so many in one go, oldest first. Default and most 10 000. */
  readonly limit?: number;
  /** Runs in the transaction that changes something: the audit entry. */
  readonly record?: (tx: TenantTx, count: number) => Promise<void>;
}

export interface DeadLetters {
  /** Newest first, behind a place in that order. @throws HubError `invalid_request` naming the field */
  newest(
    tenantId: TenantId,
    filter: DeadLetterFilter,
    from: { readonly after?: { readonly at: Date; readonly id: string }; readonly take: number },
  ): Promise<readonly DeadLetter[]>;
  /** The same, page by page. */
  list(
    tenantId: TenantId,
    query: DeadLetterFilter & { readonly cursor?: string; readonly limit: number },
  ): Promise<Page<DeadLetter>>;
  find(tenantId: TenantId, id: string): Promise<DeadLetter | undefined>;
  /**
   * Sends them to their consumers again, with a fresh count of attempts, at the given pace. Those of a consumer that does not exist any
   * more are left alone and not counted.
   */
  redrive(
    tenantId: TenantId,
    filter: DeadLetterFilter,
    options?: RedriveOptions,
  ): Promise<{ count: number; more: boolean }>;
  /** Deletes them. An empty filter is refused: name at least one field. */
  drop(
    tenantId: TenantId,
    filter: DeadLetterFilter,
    options?: Pick<RedriveOptions, 'dryRun' | 'limit' | 'record'>,
  ): Promise<{ count: number; more: boolean }>;
}
