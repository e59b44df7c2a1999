import { randomInt } from 'node:crypto';
import { type Clock, HubError } from '@inthub/contracts';
import pg from 'pg';
import type { DatabaseLog } from './database-log.ts';
import { presenceSpace } from './presence.ts';

const firstRetryMs = 100;
const longestRetryMs = 5_000;
/** A connection that died without a word is noticed after this and the patience below. */
const checkEveryMs = 5_000;
const patienceMs = 5_000;

export interface StartListenerOptions {
  readonly url: string;
  /** Shown in pg_stat_activity. */
  readonly name: string;
  /** Channels and who hears them. */
  readonly channels: Readonly<Record<string, (payload: string) => void>>;
  /** The connection was lost for a while: anything may have been said meanwhile. */
  onMissed(): void;
  readonly clock: Clock;
  readonly log: DatabaseLog;
}

/** A connection of its own that hears NOTIFY and comes back when it is lost. */
export interface Listener {
  /**
   * Second key of an advisory lock that this connection holds, so that others can tell whether this process still lives
   * (`presenceSpace` is the first): a killed process loses it at once. Chosen at random, 1 to 2³¹ − 1.
   */
  readonly presence: number;
  /** At most 7 999 bytes of payload. @throws HubError `unavailable` while the connection is lost */
  notify(channel: string, payload: string): Promise<void>;
  close(): Promise<void>;
}

/** @throws HubError or the driver's error when the first connection cannot be made. */
export async function startListener(options: StartListenerOptions): Promise<Listener> {
  const { clock, log, name } = options;
  const presence = randomInt(1, 2 ** 31 - 1);
  const stop = new AbortController();
  let client: pg.Client | undefined;
  let isPresent = false;

  /** Tried, not waited for: after a lost connection the server may hold the old one's lock for a moment. */
  async function showPresence(on: pg.Client): Promise<void> {
    const { rows } = await on.query<{ held: boolean }>('SELECT pg_try_advisory_lock($1, $2) AS held', [
      presenceSpace,
      presence,
    ]);
    isPresent = rows[0]?.held === true;
  }

  async function listen(): Promise<pg.Client> {
    const opened = new pg.Client({
      connectionString: options.url,
      application_name: name,
      connectionTimeoutMillis: patienceMs,
      query_timeout: patienceMs,
      keepAlive: true,
    });
    // The end is noticed by the next check; without a listener it would end the process.
    opened.on('error', (error) => log.debug({ err: error, name }, 'listening connection lost'));
    opened.on('notification', ({ channel, payload = '' }) => options.channels[channel]?.(payload));
    try {
      await opened.connect();
      // A notification that a crash swallows would have nobody to hear it.
      await opened.query('SET ROLE inthub_app; SET synchronous_commit = off');
      await showPresence(opened);
      for (const channel of Object.keys(options.channels)) await opened.query(`LISTEN ${pg.escapeIdentifier(channel)}`);
      return opened;
    } catch (error) {
      await end(opened);
      throw error;
    }
  }

  /** Until the connection is lost. */
  async function hear(listening: pg.Client): Promise<void> {
    const lost = new AbortController();
    const onLost = () => lost.abort(null);
    listening.once('end', onLost).once('error', onLost);
    stop.signal.addEventListener('abort', onLost, { once: true });
    // The end may have come while the connection was being made: then the listener above is never called.
    if (stop.signal.aborted) onLost();
    try {
      while (!lost.signal.aborted) {
        await clock.sleep(checkEveryMs, lost.signal).catch(() => undefined);
        if (!lost.signal.aborted) await (isPresent ? listening.query('SELECT 1') : showPresence(listening));
      }
    } catch (error) {
      log.debug({ err: error, name }, 'listening connection does not answer');
    } finally {
      stop.signal.removeEventListener('abort', onLost);
      await end(listening);
    }
  }

  async function reconnect(): Promise<pg.Client | undefined> {
    for (let pauseMs = firstRetryMs; !stop.signal.aborted; pauseMs = Math.min(pauseMs * 2, longestRetryMs)) {
      try {
        return await listen();
      } catch (error) {
        log.debug({ err: error, name }, 'the listening connection can still not be made');
      }
      await clock.sleep(pauseMs, stop.signal).catch(() => undefined);
    }
    return undefined;
  }

  async function run(): Promise<void> {
    while (client !== undefined) {
      await hear(client);
      client = undefined;
      if (stop.signal.aborted) return;
      log.warn({ name }, 'nothing is heard from the database for the moment');
      client = await reconnect();
      if (client === undefined) return;
      // After LISTEN: what was said before it counts as missed, what is said from now on is heard.
      options.onMissed();
      log.info({ name }, 'the database is heard again');
    }
  }

  client = await listen();
  const running = run();
  return {
    presence,
    async notify(channel, payload) {
      if (client === undefined) throw new HubError('unavailable', 'The listening connection is lost for the moment.');
      await client.query('SELECT pg_notify($1, $2)', [channel, payload]);
    },
    async close() {
      stop.abort(null);
      await running;
    },
  };
}

async function end(client: pg.Client): Promise<void> {
  await client.end().catch(() => undefined);
}
