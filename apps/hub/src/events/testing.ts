/** Buses for tests: one process of the hub each, as many as wanted on one database. */
import { type Clock, systemClock } from '@inthub/contracts';
import { type Listener, startListener } from '../database/database.ts';
import { type OpenTestDatabase, silentLog } from '../database/testing.ts';
import { createNatsTransport } from './bus/nats-transport.ts';
import { createEventNews, newsChannel } from './bus/news.ts';
import { createEventBus, type RunningEventBus } from './event-bus.ts';
import { createEventLog, type EventReader, type EventWriter } from './event-log.ts';

export interface TestBus extends RunningEventBus {
  readonly events: EventWriter & EventReader;
  readonly listener: Listener;
}

export interface StartTestBusOptions {
  readonly test: OpenTestDatabase;
  /** With it the bus goes over NATS. */
  readonly natsUrl?: string | undefined;
  readonly clock?: Clock;
  /** Default 2 s. */
  readonly leaseMs?: number;
  /** Default 100 ms; the word of mouth is to be quicker. */
  readonly pollMs?: number;
}

/** A bus that retries, polls and takes over quickly. */
export async function startTestBus(options: StartTestBusOptions): Promise<TestBus> {
  const { test, natsUrl, clock = systemClock, leaseMs = 2_000, pollMs = 100 } = options;
  const listener: Listener = await startListener({
    url: test.url,
    name: 'inthub-events',
    channels: { [newsChannel]: (payload) => news.heard(payload) },
    onMissed: () => news.missed(),
    clock: systemClock,
    log: silentLog,
  });
  const news = createEventNews({
    clock: systemClock,
    sender: String(listener.presence),
    announce: (payload) => listener.notify(newsChannel, payload),
  });
  const events = createEventLog({ database: test.database, clock, onCommitted: news.committed });
  const bus = createEventBus({
    database: test.database,
    clock,
    log: silentLog,
    events,
    news,
    presence: listener.presence,
    random: () => 0.5,
    timing: { leaseMs, retryPollMs: 20, pollMs },
    ...(natsUrl === undefined
      ? {}
      : { transport: createNatsTransport({ url: natsUrl, database: test.database, clock }) }),
  });
  return {
    ...bus,
    events,
    listener,
    async close() {
      await bus.close();
      await listener.close();
    },
  };
}
