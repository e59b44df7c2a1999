// The one connection to Valkey (or Redis): scripts only, so that whatever changes there changes at once and by the server's own clock.
import { hash } from 'node:crypto';
import { HubError } from '@inthub/contracts';
import type { Redis, RedisOptions } from 'iovalkey';
import type { Log } from '../../telemetry/telemetry.ts';

/** How long the server may keep silent while it owes an answer. */
const silenceMs = 1_000;
const connectMs = 3_000;
const firstRetryMs = 50;
const longestRetryMs = 2_000;

export interface ValkeyScript {
  readonly lua: string;
  /** SHA-1, as EVALSHA wants it. */
  readonly sha: string;
}

/** @param lua May not keep state between runs; every key that it touches comes in KEYS, all of one hash tag. */
export function defineScript(lua: string): ValkeyScript {
  return { lua, sha: hash('sha1', lua) };
}

export interface ValkeyFacts {
  readonly version: string;
  /** Nodes of its cluster; 1 for a server that stands alone. */
  readonly nodes: number;
  /** What was written outlives a crash of the server: an append-only file, and nothing is thrown out for want of memory. */
  readonly durable: boolean;
}

export interface ValkeyConnection {
  readonly facts: ValkeyFacts;
  /** False while the server cannot be reached: scripts then fail at once. */
  readonly ready: boolean;
  /** Counts the connections made. What was under way on an earlier one may or may not have happened. */
  readonly epoch: number;
  /**
   * Runs a script; those of one turn reach the server in the order of the calls. Never sent twice.
   * @throws HubError `unavailable`; whether the script ran is then unknown.
   */
  run(script: ValkeyScript, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown>;
  close(): Promise<void>;
}

export interface OpenValkeyOptions {
  /** `redis://`, `rediss://` (TLS) or `valkey://`, with user, password and database number where needed. */
  readonly url: string;
  readonly log: Log;
}

/**
 * Connects, and connects again whenever the connection is lost.
 * @throws HubError `unavailable` when the server cannot be used now; the message says why, never the password.
 */
export async function openValkey({ url, log }: OpenValkeyOptions): Promise<ValkeyConnection> {
  // Loaded where it is used: most hubs count in memory.
  const { Redis: Client } = await import('iovalkey');
  const client = new Client({
    ...addressOf(url),
    lazyConnect: true,
    connectionName: 'inthub',
    connectTimeout: connectMs,
    // A server that stops answering costs its callers this long, once; then the connection counts as lost.
    socketTimeout: silenceMs,
    keepAlive: 10_000,
    // Nothing waits for better times and nothing is sent again: callers decide what a failure means to them.
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    retryStrategy: (times) => Math.min(firstRetryMs * 2 ** (times - 1), longestRetryMs),
    // After a failover the old primary takes no writes any more.
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
  });
  let lastTrouble = 'the connection was closed';
  // Errors carry the command with its arguments (AUTH has the password), so only their text is ever kept.
  client.on('error', (error: Error) => {
    lastTrouble = error.message || String((error as NodeJS.ErrnoException).code);
  });

  let facts: ValkeyFacts;
  try {
    await client.connect();
    facts = await readFacts(client);
  } catch (error) {
    client.disconnect();
    const text = error instanceof Error ? error.message : '';
    const reason = text === '' || text === 'Connection is closed.' ? lastTrouble : text;
    throw new HubError('unavailable', `Valkey cannot be used: ${reason}.`);
  }

  let epoch = 1;
  let lost = false;
  let closing: Promise<void> | undefined;
  client.on('close', () => {
    if (lost || closing !== undefined) return;
    lost = true;
    log.warn({ reason: lastTrouble }, 'connection to Valkey lost');
  });
  client.on('ready', () => {
    epoch += 1;
    lost = false;
    log.info({}, 'connected to Valkey again');
  });

  return {
    facts,
    get ready() {
      return client.status === 'ready';
    },
    get epoch() {
      return epoch;
    },
    async run({ sha, lua }, keys, args) {
      if (client.status !== 'ready') throw unreachable(lastTrouble);
      try {
        return await client.evalsha(sha, keys.length, ...keys, ...args);
      } catch (error) {
        if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw failed(error);
      }
      try {
        return await client.eval(lua, keys.length, ...keys, ...args);
      } catch (error) {
        throw failed(error);
      }
    },
    close() {
      closing ??= end(client);
      return closing;
    },
  };
}

function addressOf(text: string): RedisOptions {
  const url = new URL(text);
  const database = Number(url.pathname.slice(1) || '0');
  if (!Number.isInteger(database) || database < 0) {
    throw new HubError(
      'unavailable',
      'Valkey cannot be used: the path of its URL must be a database number, such as /0.',
    );
  }
  return {
    host: url.hostname.replace(/^\[|\]$/g, '') || '127.0.0.1',
    port: Number(url.port || '6379'),
    db: database,
    ...(url.username === '' ? {} : { username: decodeURIComponent(url.username) }),
    ...(url.password === '' ? {} : { password: decodeURIComponent(url.password) }),
    ...(url.protocol === 'rediss:' ? { tls: {} } : {}),
  };
}

async function readFacts(client: Redis): Promise<ValkeyFacts> {
  const info = await client.info();
  const value = (name: string) => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1];
  const clustered = value('cluster_enabled') === '1';
  const nodes = clustered ? /cluster_known_nodes:(\d+)/.exec(String(await client.cluster('INFO')))?.[1] : '1';
  // Also proves that scripts may run and that the clock may be read.
  await client.eval("return redis.call('TIME')", 0);
  const keepsAll = value('maxmemory') === '0' || value('maxmemory_policy') === 'noeviction';
  return {
    version: value('valkey_version') ?? value('redis_version') ?? 'unknown',
    nodes: Number(nodes ?? '1'),
    durable: value('aof_enabled') === '1' && keepsAll,
  };
}

function unreachable(reason: string): HubError {
  return new HubError('unavailable', 'The shared counters (Valkey) cannot be reached.', { cause: new Error(reason) });
}

function failed(error: unknown): HubError {
  return unreachable(error instanceof Error ? error.message : String(error));
}

/** Lets answers under way arrive. */
async function end(client: Redis): Promise<void> {
  if (client.status === 'ready') await client.quit().catch(() => undefined);
  client.disconnect();
}
