import {
  type Clock,
  createId,
  type EventId,
  HubError,
  type IntegrationEvent,
  isId,
  type Page,
  storableJson,
  storableText,
  type TenantId,
} from '@inthub/contracts';
import { cursorKind, type Database, pageByTime, type TenantTx } from '../database/database.ts';
import { type EventRow, insertEvents, selectEvent, selectEvents } from './event-repository.ts';
import type { NewEvent } from './new-event.ts';
import { parseTypePattern } from './type-pattern.ts';

/** The write side of the fact log: an event is stored in the transaction of the change that it reports. */
export interface EventWriter {
  /** @throws HubError `payload_too_large` */
  append(tx: TenantTx, event: NewEvent): Promise<EventId>;
  /** Several in one round trip; they keep this order. */
  appendAll(tx: TenantTx, events: readonly NewEvent[]): Promise<readonly EventId[]>;
}

/** Reads the log back, newest first. */
export interface EventReader {
  /** `type` is a pattern: `integration.created`, `integration.*` or `*`. */
  list(
    tenantId: TenantId,
    query: { source?: string; type?: string; cursor?: string; limit: number },
  ): Promise<Page<IntegrationEvent>>;
  /** @throws HubError `not_found` */
  get(tenantId: TenantId, id: string): Promise<IntegrationEvent>;
}

const maxDataBytes = 262_144;

/** The fact log on PostgreSQL. */
export function createEventLog({
  database,
  clock,
  onCommitted,
}: {
  database: Database;
  clock: Clock;
  /** Types of the events of one change, right after its commit. */
  onCommitted?: (types: readonly string[]) => void;
}): EventWriter & EventReader {
  const appendAll = async (tx: TenantTx, events: readonly NewEvent[]): Promise<readonly EventId[]> => {
    if (events.length === 0) return [];
    const createdAt = clock.now();
    const rows = events.map((event) => toRow(event, createdAt));
    await insertEvents(tx, rows);
    if (onCommitted !== undefined) tx.afterCommit(() => onCommitted(rows.map(({ type }) => type)));
    return rows.map(({ id }) => id);
  };

  return {
    appendAll,
    async append(tx, event) {
      const [id] = await appendAll(tx, [event]);
      if (id === undefined) throw new HubError('internal', 'The event got no id.');
      return id;
    },
    async get(tenantId, id) {
      const found = isId(id) ? await database.tenant(tenantId, (tx) => selectEvent(tx, id)) : undefined;
      if (found === undefined) throw new HubError('not_found', 'There is no such event, or its time is over.');
      return found;
    },
    async list(tenantId, { source, type = '*', cursor, limit }) {
      const pattern = parseTypePattern(type);
      const kind = cursorKind('events', { source, type });
      return pageByTime(kind, { cursor, limit, timeOf: ({ timestamp }) => timestamp }, ({ after, take }) =>
        database.tenant(tenantId, (tx) =>
          selectEvents(tx, {
            type: pattern,
            limit: take,
            ...(source === undefined ? {} : { source }),
            ...(after === undefined ? {} : { after: { createdAt: after.at, id: after.id } }),
          }),
        ),
      );
    },
  };
}

function toRow(event: NewEvent, createdAt: Date): EventRow {
  const data = storableJson(event.data);
  const bytes = Buffer.byteLength(JSON.stringify(data));
  if (bytes > maxDataBytes) {
    throw new HubError('payload_too_large', `Event ${event.type} holds ${bytes} bytes; at most ${maxDataBytes} fit.`);
  }
  return {
    id: createId<EventId>(),
    type: event.type,
    source: event.source,
    data,
    correlationId: storableText(event.correlationId, 200),
    connectorId: event.connectorId ?? null,
    connectorVersion: event.connectorVersion ?? null,
    originalWebhookId: event.originalWebhookId === undefined ? null : storableText(event.originalWebhookId, 200),
    createdAt,
  };
}
