import type { Clock, IntegrationEvent } from '@inthub/contracts';
import type { Database } from '../../database/database.ts';
import { type LogEntry, type LogPosition, selectHorizon } from './log-repository.ts';
import { createLogSource } from './log-source.ts';
import type { EventNews } from './news.ts';
import { createNudge } from './nudge.ts';

/** The end of the log, read once for all live listeners of this process. */
export interface LogTail {
  /** Calls `onEvent` for all that follows `from`; it must not throw or wait. */
  listen(onEvent: (event: IntegrationEvent, position: LogPosition) => void): Promise<TailListener>;
  close(): Promise<void>;
}

export interface TailListener {
  readonly from: LogPosition;
  stop(): void;
}

export interface LogTailOptions {
  readonly database: Database;
  readonly news: EventNews;
  readonly clock: Clock;
  readonly log: { warn(fields: object, message: string): void };
  readonly pollMs: number;
}

const readAtOnce = 200;
const errorPauseMs = 500;

/** Reads only while somebody listens. */
export function createLogTail({ database, news, clock, log, pollMs }: LogTailOptions): LogTail {
  const listeners = new Set<(entry: LogEntry) => void>();
  let running: { position: LogPosition; stop: AbortController; ended: Promise<void> } | undefined;
  let starting: Promise<void> | undefined;

  async function start(): Promise<void> {
    const position = await database.system('inthub_relay', selectHorizon);
    const stop = new AbortController();
    const reading = { position, stop, ended: Promise.resolve() };
    reading.ended = read(reading);
    running = reading;
  }

  async function read(reading: { position: LogPosition; stop: AbortController }): Promise<void> {
    const arrived = createNudge(clock);
    const unlisten = news.listen(() => arrived.nudge());
    const source = createLogSource({ database, pattern: 'any', after: reading.position, arrived, pollMs, clock });
    const { signal } = reading.stop;
    while (!signal.aborted) {
      try {
        for (const entry of await source.read(readAtOnce, signal)) {
          reading.position = entry.position;
          for (const listener of listeners) listener(entry);
        }
      } catch (error) {
        if (signal.aborted) break;
        log.warn({ err: error }, 'the end of the log cannot be read for the moment');
        await clock.sleep(errorPauseMs, signal).catch(() => undefined);
      }
    }
    unlisten();
  }

  return {
    async listen(onEvent) {
      if (running === undefined) {
        starting ??= start().finally(() => {
          starting = undefined;
        });
        await starting;
      }
      const listener = ({ event, position }: LogEntry) => {
        if (event !== null) onEvent(event, position);
      };
      listeners.add(listener);
      return {
        from: running?.position ?? (await database.system('inthub_relay', selectHorizon)),
        stop() {
          listeners.delete(listener);
          if (listeners.size > 0) return;
          running?.stop.abort(null);
          running = undefined;
        },
      };
    },
    async close() {
      listeners.clear();
      await starting?.catch(() => undefined);
      running?.stop.abort(null);
      await running?.ended;
      running = undefined;
    },
  };
}
