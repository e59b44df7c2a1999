import {
  JetStreamApiError,
  type JetStreamClient,
  type JetStreamManager,
  jetstream,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
} from '@nats-io/jetstream';
import { connect, type NatsConnection, nanos } from '@nats-io/transport-node';
import type { TypePattern } from '../type-pattern.ts';

/** The log in PostgreSQL keeps the past; the stream only has to outlast the longest absence of a consumer. */
const keepMs = 7 * 86_400_000;
const duplicateWindowMs = 10 * 60_000;
const notFound = 404;

export interface NatsLink {
  readonly jets: JetStreamClient;
  readonly manager: JetStreamManager;
  readonly names: StreamNames;
}

/** Of one hub's database: several may share a server. */
export interface StreamNames {
  readonly stream: string;
  /** `inthub.events.<database>` */
  readonly root: string;
}

/** The connection to NATS, made in the background: it waits for a server that is not there yet, and comes back to one that went. */
export interface NatsLinkHolder {
  /** Waits until there is a server and the stream stands. */
  link(): Promise<NatsLink>;
  close(): Promise<void>;
}

/**
 * @param url `nats://[user:password@|token@]host[:port]`, `tls://…` with TLS.
 * @param identity tells this database from others on the same server.
 * The stream is made where it is missing (file storage, one replica, 7 days); one that an operator has made stays as it is.
 */
export function connectNats(url: string, identity: () => Promise<string>): NatsLinkHolder {
  const { protocol, hostname, port, username, password } = new URL(url);
  const connecting = connect({
    servers: `${hostname}:${port === '' ? '4222' : port}`,
    name: 'inthub',
    waitOnFirstConnect: true,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 250,
    reconnectJitter: 250,
    ...(protocol === 'tls:' ? { tls: {} } : {}),
    ...(username === ''
      ? {}
      : password === ''
        ? { token: decodeURIComponent(username) }
        : credentials(username, password)),
  });
  let connection: NatsConnection | undefined;
  let isClosed = false;
  connecting.then(
    (made) => {
      connection = made;
      if (isClosed) void made.close();
    },
    () => undefined,
  );
  let ready: Promise<NatsLink> | undefined;

  async function open(): Promise<NatsLink> {
    const made = await connecting;
    const manager = await jetstreamManager(made, { checkAPI: false });
    const database = await identity();
    const names = { stream: `INTHUB_EVENTS_${database}`, root: `inthub.events.${database}` };
    await ensureStream(manager, names);
    return { manager, names, jets: jetstream(made) };
  }

  return {
    link() {
      ready ??= open().catch((error: unknown) => {
        ready = undefined;
        throw error;
      });
      return ready;
    },
    async close() {
      isClosed = true;
      // One that was never made would be waited for without end; should it come yet, it goes at once.
      await connection?.close();
    },
  };
}

function credentials(username: string, password: string) {
  return { user: decodeURIComponent(username), pass: decodeURIComponent(password) };
}

async function ensureStream(manager: JetStreamManager, { stream, root }: StreamNames): Promise<void> {
  try {
    await manager.streams.info(stream);
    return;
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
  await manager.streams.add({
    name: stream,
    subjects: [`${root}.>`],
    retention: RetentionPolicy.Limits,
    storage: StorageType.File,
    max_age: nanos(keepMs),
    duplicate_window: nanos(duplicateWindowMs),
  });
}

export function isNotFound(error: unknown): boolean {
  return error instanceof JetStreamApiError && error.status === notFound;
}

/** Event types are valid subject tokens as they are. */
export function subjectOf({ root }: StreamNames, tenantId: string, type: string): string {
  return `${root}.${tenantId}.${type}`;
}

/** The subjects of a pattern: a star of ours stands for one or more parts, which NATS writes `>`. */
export function subjectFilter(names: StreamNames, pattern: TypePattern, tenantId = '*'): string {
  if (pattern === 'any') return subjectOf(names, tenantId, '>');
  return subjectOf(names, tenantId, 'exact' in pattern ? pattern.exact : `${pattern.prefix}>`);
}
