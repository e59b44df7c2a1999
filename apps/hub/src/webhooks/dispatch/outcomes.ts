import type { Clock, IntegrationEvent, TenantId } from '@inthub/contracts';
import type { Database, SystemTx, TenantTx } from '../../database/database.ts';
import type { EventWriter, NewEvent } from '../../events/events.ts';
import type { Metrics } from '../../telemetry/telemetry.ts';
import { relaxDurability } from './claim-repository.ts';
import { type CircuitRules, type EndpointOutcome, judge } from './endpoint-health.ts';
import {
  insertDeliveries,
  lockKeys,
  type OrderedKey,
  promoteHeads,
  type QueuedDelivery,
} from './enqueue-repository.ts';
import { finish, type HistoryRow, insertHistory, overwriteEnds } from './history-repository.ts';
import { isOperational } from './matcher.ts';
import {
  type AttemptRecord,
  type EndpointUpdate,
  type Finished,
  insertAttempts,
  type Kept,
  keep,
  lockHealth,
  saveEndpoints,
} from './outcome-repository.ts';
import { type Job, keyOf, type SubscriptionRef } from './queue-row.ts';
import type { SubscriptionSettings } from './subscription-record.ts';

/** All that is to be written about one delivery in a worker's hands. */
export interface Outcome {
  readonly job: Job;
  /** Undefined when nothing was tried. */
  readonly attempt: AttemptRecord | undefined;
  readonly endpoint: EndpointOutcome;
  readonly result: { readonly finished: Finished } | { readonly kept: Kept };
  /** As the delivery was sent; undefined for a subscription that is gone. */
  readonly settings: SubscriptionSettings | undefined;
}

/** What a worker writes down at once. */
export interface OutcomeBatch {
  readonly outcomes: readonly Outcome[];
  /** Deliveries without an outcome that are to be queued after all: those with a lease are being sent. */
  readonly queueing: readonly QueuedDelivery[];
  /** Whether a delivery stands in no queue: then nothing else remembers what came of it, and its row is made here. */
  isDirect(job: Job): boolean;
}

/** A subscription that has to be switched off. */
export interface SwitchOff extends SubscriptionRef {
  readonly reason: 'failure_rate' | 'gone';
}

export interface OutcomesDeps {
  readonly database: Database;
  readonly events: EventWriter;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly circuit: CircuitRules;
}

/** Writes a batch of outcomes in one transaction: attempts, history, queue, endpoint health, and the news of all that. */
export function createOutcomes({ database, events, clock, metrics, circuit }: OutcomesDeps) {
  function judgeAll(
    locked: Awaited<ReturnType<typeof lockHealth>>,
    bySubscription: ReadonlyMap<string, readonly Outcome[]>,
    nowMs: number,
  ) {
    const updates: EndpointUpdate[] = [];
    const news: (SubscriptionRef & { readonly what: string; readonly lastError: string | null })[] = [];
    for (const { tenantId, subscriptionId, health } of locked) {
      const ref = { tenantId, subscriptionId };
      const outcomes = bySubscription.get(keyOf(ref)) ?? [];
      const tried = outcomes.flatMap(({ attempt }) => attempt ?? []);
      const last = tried.at(-1);
      const change = judge(
        health,
        outcomes.map(({ endpoint }) => endpoint),
        nowMs,
        { disabling: outcomes.at(-1)?.settings?.disabling ?? null, circuit },
      );
      const failed = tried.findLast(({ errorCode }) => errorCode !== null);
      const succeeded = tried.findLast(({ errorCode }) => errorCode === null);
      for (const what of change.news) news.push({ ...ref, what, lastError: failed?.error ?? null });
      if (last === undefined && change.health === health) continue;
      updates.push({
        ...ref,
        health: change.health,
        deliveries: outcomes.filter(({ result }) => 'finished' in result && result.finished.status === 'delivered')
          .length,
        failures: tried.filter(({ errorCode }) => errorCode !== null).length,
        lastDeliveryAt: last?.startedAt ?? new Date(nowMs),
        lastSuccessAt: succeeded?.startedAt ?? null,
        lastError: last?.errorCode === null ? null : (failed?.error ?? null),
      });
    }
    return { updates, news };
  }

  /** In the same transaction: whoever reads the log sees no end of a delivery that did not happen. */
  async function report(tx: SystemTx, tenantId: string, told: readonly NewEvent[]): Promise<void> {
    const scoped: TenantTx = { ...tx, tenantId: tenantId as TenantId };
    await events.appendAll(scoped, told);
  }

  function measure(outcomes: readonly Outcome[]): void {
    for (const { job, attempt } of outcomes) {
      if (attempt === undefined) continue;
      const labels = { tenant: job.tenantId, subscription: job.subscriptionId };
      metrics.webhookDeliveries.inc({ ...labels, status: attempt.errorCode === null ? 'success' : 'failure' });
      metrics.webhookDeliveryDurationMs.observe(labels, attempt.durationMs);
    }
  }

  /** @returns the ids of the deliveries that are over */
  async function write(tx: SystemTx, { outcomes, queueing, isDirect }: OutcomeBatch): Promise<ReadonlySet<string>> {
    const rows = outcomes.flatMap(({ attempt, result }): HistoryRow[] =>
      'finished' in result ? [{ ...result.finished, attempt: isOnlyOne(attempt) ? attempt : null }] : [],
    );
    const kept = outcomes.flatMap(({ result }) => ('kept' in result ? [result.kept] : []));
    const [moved, made] = await Promise.all([
      finish(
        tx,
        rows.filter(({ job }) => !isDirect(job)),
      ),
      insertHistory(
        tx,
        rows.filter(({ job }) => isDirect(job)),
      ),
      keep(
        tx,
        kept.filter(({ job }) => !isDirect(job)),
      ),
      insertDeliveries(tx, [...queueing, ...kept.filter(({ job }) => isDirect(job)).flatMap(queuedOf)]),
    ]);
    const repeated = [...moved.repeated, ...made.repeated];
    const again = new Set(repeated.map(({ job }) => job.id));
    const ended = new Set([...moved.ids, ...made.ids]);
    const inTheRow = (job: Job) => ended.has(job.id) && !again.has(job.id);
    await Promise.all([
      overwriteEnds(tx, repeated),
      insertAttempts(
        tx,
        outcomes.flatMap(({ job, attempt }) =>
          attempt === undefined || (isOnlyOne(attempt) && inTheRow(job)) ? [] : [attempt],
        ),
      ),
    ]);
    return ended;
  }

  /**
   * @returns the subscriptions that are to be switched off
   * @throws HubError `unavailable`: ask again with the same batch
   */
  return async function record({ isDirect, ...batch }: OutcomeBatch): Promise<readonly SwitchOff[]> {
    const now = clock.now();
    const { outcomes } = batch;
    const refs = new Map([...outcomes.map(({ job }) => job), ...batch.queueing].map((ref) => [keyOf(ref), ref]));
    const keys = outcomes.flatMap(({ job, result }): OrderedKey[] => {
      const isMoved = 'finished' in result || result.kept.state === 'parked';
      return isMoved && job.orderKey !== null ? [{ ...job, orderKey: job.orderKey }] : [];
    });
    const direct = new Set(outcomes.map(({ job }) => job).filter(isDirect));
    const news = await database.system('inthub_dispatcher', async (tx) => {
      await lockKeys(tx, keys);
      // Together, so that neither's failure is left to nobody.
      const [locked] = await Promise.all([
        lockHealth(tx, [...refs.values()]),
        direct.size + batch.queueing.length === 0 ? relaxDurability(tx) : undefined,
      ]);
      const present = new Set(locked.map(keyOf));
      const bySubscription = Map.groupBy(outcomes, ({ job }) => keyOf(job));
      const judged = judgeAll(locked, bySubscription, now.getTime());
      const [ended] = await Promise.all([
        write(tx, {
          // Of a subscription that was deleted meanwhile the queue has nothing any more, and neither is to come back.
          outcomes: outcomes.filter(({ job }) => !direct.has(job) || present.has(keyOf(job))),
          queueing: batch.queueing.filter((one) => present.has(keyOf(one))),
          isDirect: (job) => direct.has(job),
        }),
        saveEndpoints(tx, judged.updates),
      ]);
      await promoteHeads(tx, keys, now);
      const told = [...judged.news.flatMap(newsEvent), ...exhaustedEvents(outcomes, ended)];
      for (const [tenantId, mine] of Map.groupBy(told, (one) => one.tenantId)) {
        await report(
          tx,
          tenantId,
          mine.map(({ event }) => event),
        );
      }
      return judged.news;
    });
    measure(outcomes);
    return news.flatMap(({ tenantId, subscriptionId, what }): SwitchOff[] =>
      what === 'failure_rate' || what === 'gone' ? [{ tenantId, subscriptionId, reason: what }] : [],
    );
  };
}

/** A first try that succeeded. */
function isOnlyOne(attempt: AttemptRecord | undefined): attempt is AttemptRecord {
  return attempt !== undefined && attempt.errorCode === null && attempt.number === 1;
}

function queuedOf({ job, attempts, dueAt }: Kept): QueuedDelivery[] {
  return job.event === undefined ? [] : [{ ...job, event: job.event, attempts, dueAt, leaseId: null }];
}

interface Told {
  readonly tenantId: string;
  readonly event: NewEvent;
}

function newsEvent(news: SubscriptionRef & { what: string; lastError: string | null }): Told[] {
  // Switching off writes its own event, with the change itself.
  if (news.what !== 'failing' && news.what !== 'recovered') return [];
  const { tenantId, subscriptionId, lastError } = news;
  const data = news.what === 'failing' ? { subscriptionId, lastError } : { subscriptionId };
  return [
    { tenantId, event: { type: `subscription.${news.what}`, source: 'hub', data, correlationId: subscriptionId } },
  ];
}

/** Not for news of the dispatcher itself: a failing endpoint must not breed ever more of it. */
function exhaustedEvents(outcomes: readonly Outcome[], ended: ReadonlySet<string>): Told[] {
  return outcomes.flatMap(({ job, attempt, result }): Told[] => {
    const parked = 'kept' in result && result.kept.state === 'parked';
    const exhausted = 'finished' in result && result.finished.status === 'exhausted' && ended.has(job.id);
    if ((!parked && !exhausted) || isOperational(job.eventType)) return [];
    return [{ tenantId: job.tenantId, event: exhaustedEvent(job, attempt, parked) }];
  });
}

function exhaustedEvent(job: Job, attempt: AttemptRecord | undefined, parked: boolean): NewEvent {
  const event: IntegrationEvent | undefined = job.event;
  return {
    type: 'delivery.exhausted',
    source: 'hub',
    data: {
      deliveryId: job.id,
      subscriptionId: job.subscriptionId,
      eventId: job.eventId,
      eventType: job.eventType,
      attempts: attempt?.number ?? job.attempts,
      parked,
      errorCode: attempt?.errorCode ?? null,
      lastError: attempt?.error ?? null,
    },
    correlationId: event?.correlationId ?? job.id,
  };
}
