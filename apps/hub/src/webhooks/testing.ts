/** The rig of the dispatcher's tests: outgoing webhooks on a real database, real sockets and the real clock, with a sink to send to. */
import { randomBytes } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import {
  createId,
  type IntegrationEvent,
  type NewWebhookSubscription,
  type Principal,
  systemClock,
  type TenantId,
} from '@inthub/contracts';
import { listenOnLoopback } from '@inthub/testing';
import pg from 'pg';
import { createAuditLog } from '../audit/audit.ts';
import { createTestTenant, type OpenTestDatabase, openTestDatabase, silentLog } from '../database/testing.ts';
import { createEgress } from '../egress/egress.ts';
import { createEventLog } from '../events/events.ts';
import { createRedactor, createTelemetry, type Metrics } from '../telemetry/telemetry.ts';
import { createKeyRing, createSealedBoxes } from '../vault/vault.ts';
import { createOutgoingWebhooks, type OutgoingWebhooks, type OutgoingWebhooksDeps } from './webhooks.ts';

export interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly id: string;
  readonly atMs: number;
}

export interface Sink {
  readonly url: string;
  readonly received: Received[];
  /** How many requests are open at this moment, and were at most. */
  readonly open: number;
  readonly mostOpen: number;
  /** Replaces what it answers; default 204. */
  answer(handler: (request: Received, response: ServerResponse) => void): void;
  stop(): Promise<void>;
}

/** An endpoint on loopback. */
export async function startSink(): Promise<Sink> {
  let handler = (_request: Received, response: ServerResponse): void => void response.writeHead(204).end();
  const received: Received[] = [];
  let [open, mostOpen] = [0, 0];
  const server = createServer((request, response) => {
    open += 1;
    mostOpen = Math.max(mostOpen, open);
    response.once('close', () => {
      open -= 1;
    });
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const one = {
        path: request.url ?? '',
        headers: request.headers,
        body: Buffer.concat(chunks).toString(),
        id: String(request.headers['webhook-id']),
        atMs: performance.now(),
      };
      received.push(one);
      handler(one, response);
    });
  });
  const { port, stop } = await listenOnLoopback(server);
  return {
    url: `http://127.0.0.1:${port}/hook`,
    received,
    get open() {
      return open;
    },
    get mostOpen() {
      return mostOpen;
    },
    answer(next) {
      handler = next;
    },
    stop,
  };
}

export interface DispatchRig {
  readonly test: OpenTestDatabase;
  readonly tenantId: TenantId;
  readonly metrics: Metrics;
  /** One worker's rooms; `start` runs its loops until the rig is closed. */
  readonly webhooks: OutgoingWebhooks;
  /** Another worker on the same database. */
  another(overrides?: Partial<OutgoingWebhooksDeps>): OutgoingWebhooks;
  readonly acting: { principal: Principal; requestId: string };
  actingFor(tenantId: TenantId): { principal: Principal; requestId: string };
  subscribe(
    input: Partial<NewWebhookSubscription> & { url: string },
  ): ReturnType<OutgoingWebhooks['subscriptions']['create']>;
  /** Writes events to the log and hands them to a worker, as the bus does. */
  publish(
    events: readonly TestEvent[],
    options?: { to?: OutgoingWebhooks; tenantId?: TenantId },
  ): Promise<IntegrationEvent[]>;
  /** What the log holds of a type, oldest first. */
  eventsOf(type: string): Promise<IntegrationEvent[]>;
  newTenant(): Promise<TenantId>;
  /** SQL past row-level security. */
  sql(text: string, values?: unknown[]): Promise<pg.QueryResult>;
  close(): Promise<void>;
}

export interface TestEvent {
  readonly type: string;
  readonly source?: string;
  readonly data?: Record<string, unknown>;
}

/** Fast circuits and looks, so that tests wait for little. */
const quick = { circuit: { threshold: 5, openMs: 100, maxOpenMs: 400 }, tickMs: 20 };

export async function openDispatchRig(overrides: Partial<OutgoingWebhooksDeps> = {}): Promise<DispatchRig> {
  const test = await openTestDatabase({ maxConnections: 8 });
  const { database } = test;
  const behind = new pg.Client({ connectionString: test.url });
  await behind.connect();
  const tenantId = await createTestTenant(database);
  const clock = systemClock;
  const keys = createKeyRing([{ id: 'k_test', key: randomBytes(32) }]);
  const events = createEventLog({ database, clock });
  const redactor = createRedactor();
  const { metrics } = createTelemetry();
  const egress = createEgress({ policy: { allow: ['127.0.0.1'] }, clock, log: silentLog });
  const audit = createAuditLog({ database, clock, redact: (value) => value, chainKey: randomBytes(32) });
  const made: OutgoingWebhooks[] = [];

  function another(more: Partial<OutgoingWebhooksDeps> = {}): OutgoingWebhooks {
    const webhooks = createOutgoingWebhooks({
      database,
      events,
      audit,
      boxes: createSealedBoxes({ clock, keys }),
      egress,
      metrics,
      clock,
      log: silentLog,
      learnSecret: redactor.learn,
      redact: redactor.redactText,
      random: () => 0.5,
      ...quick,
      ...overrides,
      ...more,
    });
    made.push(webhooks);
    return webhooks;
  }

  const webhooks = another();
  const actingFor = (tenant: TenantId) => ({
    principal: { tenantId: tenant, kind: 'user' as const, id: 'ada', name: 'Ada', scopes: new Set<never>() },
    requestId: 'req-1',
  });
  const acting = actingFor(tenantId);
  return {
    test,
    tenantId,
    metrics,
    webhooks,
    another,
    acting,
    actingFor,
    subscribe: (input) => webhooks.subscriptions.create(acting, { events: ['*'], ...input }),
    async publish(given, { to = webhooks, tenantId: tenant = tenantId } = {}) {
      const told = given.map(({ type, source = 'hub', data = {} }) => ({
        type,
        source,
        data,
        correlationId: createId(),
      }));
      const ids = await database.tenant(tenant, (tx) => events.appendAll(tx, told));
      const { rows } = await behind.query('SELECT * FROM inthub.events WHERE id = ANY ($1::uuid[]) ORDER BY seq', [
        ids,
      ]);
      const published = rows.map(toEvent);
      await to.worker.handle(published);
      return published;
    },
    async eventsOf(type) {
      const { rows } = await behind.query('SELECT * FROM inthub.events WHERE type = $1 ORDER BY seq', [type]);
      return rows.map(toEvent);
    },
    newTenant: () => createTestTenant(database),
    sql: (text, values) => behind.query(text, values),
    async close() {
      await Promise.all(made.map(({ worker }) => worker.stop()));
      await egress.close();
      await behind.end();
      await test.close();
    },
  };
}

function toEvent(row: pg.QueryResultRow): IntegrationEvent {
  return {
    id: row['id'],
    type: row['type'],
    source: row['source'],
    tenantId: row['tenant_id'],
    timestamp: (row['created_at'] as Date).toISOString(),
    data: row['data'],
    correlationId: row['correlation_id'],
    metadata: { connectorId: row['connector_id'], connectorVersion: row['connector_version'], deliveryAttempt: 1 },
  };
}

/** Generous: what is waited for comes about in milliseconds, unless the machine is busy. */
export const patience = { timeout: 20_000, interval: 20 };
