import { type Clock, HubError, invalidField, type TenantId } from '@inthub/contracts';
import type { Database, TenantTx } from '../database/database.ts';
import { type Consumer, startConsumer } from './bus/consumer.ts';
import { selectConsumers } from './bus/consumer-repository.ts';
import type { ConsumerSettings, ServeDeps, ServeTiming } from './bus/consumer-settings.ts';
import { createLogTransport } from './bus/log-transport.ts';
import type { RelayingTransport } from './bus/nats-transport.ts';
import type { EventNews } from './bus/news.ts';
import { createLogTail, type LogTail } from './bus/tail.ts';
import { createTurn } from './bus/turn.ts';
import type { BatchOptions, EventBus, EventHandler, SubscribeOptions, Unsubscribe } from './bus.ts';
import { createDeadLetters } from './dead-letters.ts';
import type { EventWriter } from './event-log.ts';
import type { NewEvent } from './new-event.ts';
import { replayLog } from './replay.ts';
import { matchesType, parseTypePattern } from './type-pattern.ts';

export interface EventBusOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: ServeDeps['log'];
  readonly events: EventWriter;
  readonly news: EventNews;
  /** Default: PostgreSQL alone. */
  readonly transport?: RelayingTransport;
  /** See `Listener.presence` (database). */
  readonly presence: number;
  /** Of messages that go into dead letters; default: unchanged. */
  readonly redact?: (text: string, tenantId: string) => string;
  /** 0 ≤ x < 1. */
  readonly random: () => number;
  readonly timing?: Partial<ServeTiming>;
}

/** A bus and, beside the contract, its live end for the event stream. */
export interface RunningEventBus extends EventBus {
  readonly tail: LogTail;
}

const defaultTiming: ServeTiming = { leaseMs: 15_000, retryPollMs: 1_000, pollMs: 2_000 };
const defaultDelaysMs = [1_000, 5_000, 30_000, 120_000, 600_000] as const;
const relayName = 'nats-relay';
const namePattern = /^[a-z0-9_-]{1,64}$/;

export function createEventBus(options: EventBusOptions): RunningEventBus {
  const { database, clock, log, events } = options;
  const timing = { ...defaultTiming, ...options.timing };
  const consumers = new Map<string, Consumer>();
  const logTransport = createLogTransport({ ...options, pollMs: timing.pollMs });
  const transport = options.transport ?? logTransport;
  const redact = options.redact ?? ((text: string) => text);
  const deps = { ...options, timing, transport, redact, turn: createTurn() };
  const tail = createLogTail({ ...options, pollMs: timing.pollMs });
  const deadLetters = createDeadLetters({
    database,
    clock,
    onRedriven() {
      for (const consumer of consumers.values()) consumer.nudge();
    },
  });

  if (options.transport !== undefined) {
    const settings = {
      consumer: relayName,
      handler: { each: options.transport.relay },
      // In the order of the log for each source; whatever goes wrong is the stream's fault, never the event's.
      ordered: true,
      concurrency: 128,
      ...common({ timeoutMs: 30_000, pauseOn: () => true }),
      countStarts: false,
    };
    consumers.set(
      relayName,
      startConsumer(
        { ...deps, transport: logTransport },
        { settings, pattern: 'any', patternText: '*', from: 'beginning' },
      ),
    );
  }

  function startDurable(
    pattern: string,
    settings: ConsumerSettings,
    given: Pick<SubscribeOptions, 'tenantId' | 'from'>,
  ): Unsubscribe {
    const { consumer: name } = settings;
    const parsed = parseTypePattern(pattern, '/pattern');
    if (!namePattern.test(name)) throw invalidField('/consumer', 'must be 1 to 64 of a-z, 0-9, _ and -', 'pattern');
    if (consumers.has(name)) throw new HubError('internal', `This process serves the consumer ${name} already.`);
    const consumer = startConsumer(deps, {
      settings,
      pattern: parsed,
      patternText: pattern,
      from: given.from ?? 'now',
      ...(given.tenantId === undefined ? {} : { tenantId: given.tenantId }),
    });
    consumers.set(name, consumer);
    let stopping: Promise<void> | undefined;
    const stop = () => {
      stopping ??= consumer.stop().finally(() => {
        if (consumers.get(name) === consumer) consumers.delete(name);
      });
      return stopping;
    };
    return Object.assign(stop, { ready: consumer.ready });
  }

  function startLive(pattern: string, handler: EventHandler, tenantId: TenantId | undefined): Unsubscribe {
    const parsed = parseTypePattern(pattern, '/pattern');
    const stopped = new AbortController();
    const listening = tail.listen((event) => {
      if (stopped.signal.aborted || !matchesType(parsed, event.type)) return;
      if (tenantId !== undefined && event.tenantId !== tenantId) return;
      const delivered = { ...event, metadata: { ...event.metadata, deliveryAttempt: 1 } };
      handler(delivered, { signal: stopped.signal }).catch((error) => {
        log.warn({ err: error, pattern, type: event.type, event: event.id }, 'a live listener failed at an event');
      });
    });
    const ready = listening.then(() => undefined);
    ready.catch(() => undefined);
    const stop = async () => {
      stopped.abort(null);
      await listening.then(
        (listener) => listener.stop(),
        () => undefined,
      );
    };
    return Object.assign(stop, { ready });
  }

  return {
    tail,
    deadLetters,
    async publish({ tenantId, ...event }, tx) {
      const [id] = await publishAll(tenantId, [event], tx);
      if (id === undefined) throw new HubError('internal', 'The event got no id.');
      return id;
    },
    publishAll,
    subscribe(pattern, handler, given = {}) {
      const { consumer, ordered = false, concurrency = 8 } = given;
      if (consumer === undefined) return startLive(pattern, handler, given.tenantId);
      return startDurable(
        pattern,
        { ...common(given), consumer, ordered, concurrency, handler: { each: handler } },
        given,
      );
    },
    subscribeBatch(pattern, handler, given) {
      const { consumer, maxBatch = 500 } = given;
      if (maxBatch < 1 || maxBatch > 2_000) throw invalidField('/maxBatch', 'must be from 1 to 2000', 'range');
      const batch = { batch: handler, maxBatch };
      return startDurable(
        pattern,
        { ...common(given), consumer, ordered: false, concurrency: 4, handler: batch },
        given,
      );
    },
    replay: (pattern, since, handler, given = {}) =>
      replayLog({ database, clock }, { ...given, pattern, since }, handler),
    consumers: () => database.system('inthub_relay', selectConsumers),
    async close() {
      await Promise.all([...consumers.values()].map((consumer) => consumer.stop()));
      consumers.clear();
      await tail.close();
      await transport.close();
    },
  };

  async function publishAll(tenantId: TenantId, list: readonly NewEvent[], tx?: TenantTx) {
    if (tx === undefined) return database.tenant(tenantId, (own) => events.appendAll(own, list));
    if (tx.tenantId !== tenantId) {
      throw new HubError('internal', 'An event goes into a transaction of its own tenant only.');
    }
    return events.appendAll(tx, list);
  }
}

function common(given: Omit<BatchOptions, 'consumer' | 'maxBatch'>) {
  return {
    maxRetries: given.maxRetries ?? 5,
    retryDelaysMs: given.retryDelaysMs ?? defaultDelaysMs,
    timeoutMs: given.timeoutMs ?? 60_000,
    pauseOn: given.pauseOn ?? isUnavailable,
    countStarts: true,
  };
}

/** The hub's own servers are away: no fault of the event. */
function isUnavailable(error: unknown): boolean {
  return error instanceof HubError && error.code === 'unavailable';
}
