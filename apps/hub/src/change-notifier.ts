import { type Clock, isId } from '@inthub/contracts';
import pg from 'pg';
import type { Log } from './telemetry/telemetry.ts';

const channel = 'inthub_changed';
const firstRetryMs = 100;
const longestRetryMs = 5_000;
/** A connection that died without a word is noticed after this and the patience below. */
const checkEveryMs = 5_000;
const patienceMs = 5_000;

export interface ChangeNotifierDeps {
  /** The database that all replicas share. */
  readonly url: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Some replica, perhaps this one, has committed a change of an integration, its grant or its credential. */
  onChanged(tenantId: string, integrationId: string): void;
  /** The same for what is set for a whole tenant: its network rules, its budgets. */
  onTenantChanged(tenantId: string): void;
  /** The connection was lost for a while: anything may have changed. */
  onMissed(): void;
}

export interface ChangeNotifier {
  close(): Promise<void>;
}

/**
 * Hears of the changes that other replicas commit, by LISTEN on a connection of its own; the database announces them itself
 * (migrations 0012 and 0014). While it is not heard, what is kept in memory goes by its own time to live.
 */
export async function startChangeNotifier(deps: ChangeNotifierDeps): Promise<ChangeNotifier> {
  const { clock, log } = deps;
  const stop = new AbortController();
  let client: pg.Client | undefined;

  async function listen(): Promise<pg.Client> {
    const opened = new pg.Client({
      connectionString: deps.url,
      application_name: 'inthub-changes',
      connectionTimeoutMillis: patienceMs,
      query_timeout: patienceMs,
      keepAlive: true,
    });
    // The end is noticed by the next check; without a listener it would end the process.
    opened.on('error', (error) => log.debug({ err: error }, 'connection for changes lost'));
    opened.on('notification', ({ payload = '' }) => {
      const [tenantId = '', integrationId = ''] = payload.split('/');
      if (!isId(tenantId)) return;
      if (integrationId === '') deps.onTenantChanged(tenantId);
      else if (isId(integrationId)) deps.onChanged(tenantId, integrationId);
    });
    try {
      await opened.connect();
      await opened.query('SET ROLE inthub_app');
      await opened.query(`LISTEN ${channel}`);
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
        if (!lost.signal.aborted) await listening.query('SELECT 1');
      }
    } catch (error) {
      log.debug({ err: error }, 'connection for changes does not answer');
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
        log.debug({ err: error }, 'changes of other replicas can still not be heard');
      }
      await clock.sleep(pauseMs, stop.signal).catch(() => undefined);
    }
    return undefined;
  }

  async function run(): Promise<void> {
    while (client !== undefined) {
      await hear(client);
      if (stop.signal.aborted) return;
      log.warn({}, 'changes of other replicas are not heard for the moment');
      client = await reconnect();
      if (client === undefined) return;
      // After LISTEN: what was changed before it is dropped now, what is changed from now on is heard.
      deps.onMissed();
      log.info({}, 'changes of other replicas are heard again');
    }
  }

  client = await listen();
  const running = run();
  return {
    async close() {
      stop.abort(null);
      await running;
    },
  };
}

async function end(client: pg.Client): Promise<void> {
  await client.end().catch(() => undefined);
}
