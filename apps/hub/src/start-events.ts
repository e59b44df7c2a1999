// Wires the event bus: who hears of new events, and what carries them.
import type { Clock } from '@inthub/contracts';
import type { HubConfig } from './config.ts';
import { type Database, startListener } from './database/database.ts';
import {
  createEventBus,
  createEventLog,
  createEventNews,
  createEventStreams,
  createNatsTransport,
  type EventReader,
  type EventStreams,
  type EventWriter,
  newsChannel,
  type RunningEventBus,
} from './events/events.ts';
import type { StartedParts } from './started-parts.ts';
import type { Log } from './telemetry/telemetry.ts';

export interface StartEventsOptions {
  readonly config: Pick<HubConfig, 'eventBus' | 'natsUrl'>;
  readonly databaseUrl: string;
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly redact: (value: unknown, tenantId: string) => unknown;
  readonly started: StartedParts;
}

export interface Events {
  readonly events: EventWriter & EventReader;
  readonly bus: RunningEventBus;
  readonly streams: EventStreams;
  /** Of this process (`Listener.presence`). */
  readonly presence: number;
}

export async function startEvents(options: StartEventsOptions): Promise<Events> {
  const { config, database, databaseUrl, clock, log, redact, started } = options;
  const listener = await startListener({
    url: databaseUrl,
    name: 'inthub-events',
    channels: { [newsChannel]: (payload) => news.heard(payload) },
    onMissed: () => news.missed(),
    clock,
    log,
  });
  const news = createEventNews({
    clock,
    sender: String(listener.presence),
    announce: (payload) => listener.notify(newsChannel, payload),
  });
  started.add({ name: 'news of events', stop: listener.close });
  const events = createEventLog({ database, clock, onCommitted: news.committed });
  const isNats = config.eventBus === 'nats' && config.natsUrl !== null;
  const bus = createEventBus({
    database,
    clock,
    log,
    events,
    news,
    presence: listener.presence,
    // rule-ok: injected-clock composition: this is where chance comes in
    random: Math.random,
    redact: (text, tenantId) => String(redact(text, tenantId)),
    ...(isNats ? { transport: createNatsTransport({ url: config.natsUrl ?? '', database, clock }) } : {}),
  });
  started.add({ name: 'event bus', stop: bus.close });
  return { events, bus, streams: createEventStreams({ database, tail: bus.tail }), presence: listener.presence };
}
