import { type Clock, createId, type Page, type TenantId } from '@inthub/contracts';
import Type from 'typebox';
import { createRounds, cursorKind, type Database, keysetPage, type Rounds } from '../database/database.ts';
import type { EventWriter } from './event-log.ts';
import {
  deleteExpiry,
  type ExpiryKind,
  type ExpiryRow,
  expiryKinds,
  markWarned,
  noteCertificate,
  selectExpiries,
  selectSoonest,
  selectUnwarned,
} from './expiry-repository.ts';
import { parseTime } from './replay.ts';

/** One line of the calendar. */
export interface Expiry {
  readonly kind: ExpiryKind;
  /**
   * The credential; the integration for a provider's certificate and for a credential that is only referred to, the inbound endpoint for a
   * webhook secret.
   */
  readonly subjectId: string;
  readonly integrationId: string;
  readonly connectorId: string;
  /** ISO 8601. */
  readonly expiresAt: string;
  /** Whole days, rounded down; negative once it has expired. */
  readonly daysLeft: number;
}

/**
 * What runs out when: credentials and client certificates that tell their end, the webhook secrets that are being replaced, providers' TLS certificates
 * as the doctor or a connection test saw them. A round every five minutes.
 */
export interface ExpiryCalendar extends Rounds {
  /** Soonest first. */
  list(
    tenantId: TenantId,
    query: {
      readonly before?: string;
      readonly integrationId?: string;
      readonly cursor?: string;
      readonly limit: number;
    },
  ): Promise<Page<Expiry>>;
  /**
   * One round: `<kind>.expiring` 30, 7 and 1 days before and `<kind>.expired` when it is over, each once whatever the number of replicas,
   * and the metric.
   */
  run(): Promise<void>;
  /** A provider's certificate was seen; null: it has none any more. */
  noteCertificate(
    tenantId: TenantId,
    seen: { readonly integrationId: string; readonly connectorId: string; readonly expiresAt: Date | null },
  ): Promise<void>;
}

export interface ExpiryCalendarOptions {
  readonly database: Database;
  readonly events: EventWriter;
  readonly clock: Clock;
  readonly log: { error(fields: object, message: string): void };
  /** `connector_credential_expiry_seconds`. */
  readonly gauge: { reset(): void; set(labels: { tenant: string; connector: string }, seconds: number): void };
}

const dayMs = 86_400_000;
const everyMs = 300_000;
const atOnce = 200;
const thresholds = [0, 1, 7, 30] as const;
const Position = Type.Tuple([
  Type.Integer({ minimum: 0, maximum: 8.64e15 }),
  Type.Enum([...expiryKinds]),
  Type.String({ format: 'uuid' }),
]);

export function createExpiryCalendar(options: ExpiryCalendarOptions): ExpiryCalendar {
  const { database, events, clock, log, gauge } = options;

  const daysLeft = (expiresAt: Date) => Math.floor((expiresAt.getTime() - clock.now().getTime()) / dayMs);

  async function warn(row: ExpiryRow): Promise<void> {
    const left = (row.expiresAt.getTime() - clock.now().getTime()) / dayMs;
    const days = thresholds.find((threshold) => left <= threshold);
    if (days === undefined) return;
    await database.tenant(row.tenantId as TenantId, async (tx) => {
      if (!(await markWarned(tx, row, days))) return;
      await events.append(tx, {
        type: `${row.kind}.${days === 0 ? 'expired' : 'expiring'}`,
        source: row.integrationId,
        connectorId: row.connectorId,
        correlationId: createId(),
        data: {
          integrationId: row.integrationId,
          subjectId: row.subjectId,
          expiresAt: row.expiresAt.toISOString(),
          daysLeft: daysLeft(row.expiresAt),
        },
      });
      // Its successor is in use already, so nothing is left to be done about it.
      if (row.kind === 'webhook_secret' && days === 0) await deleteExpiry(tx, row);
    });
  }

  async function run(): Promise<void> {
    for (;;) {
      const rows = await database.system('inthub_scheduler', (tx) => selectUnwarned(tx, clock.now(), atOnce));
      for (const row of rows) await warn(row);
      if (rows.length < atOnce) break;
    }
    const soonest = await database.system('inthub_scheduler', selectSoonest);
    gauge.reset();
    for (const { tenantId, connectorId, expiresAt } of soonest) {
      gauge.set({ tenant: tenantId, connector: connectorId }, (expiresAt.getTime() - clock.now().getTime()) / 1_000);
    }
  }

  const onError = (error: unknown) => log.error({ err: error }, 'the calendar of expiries could not be gone through');
  return {
    run,
    ...createRounds({ clock, everyMs, run, onError }),
    noteCertificate: (tenantId, seen) => database.tenant(tenantId, (tx) => noteCertificate(tx, seen)),
    async list(tenantId, { before, integrationId, cursor, limit }) {
      const kind = cursorKind('expiries', { before, integrationId });
      const { items, nextCursor } = await keysetPage({
        kind,
        cursor,
        limit,
        position: Position,
        positionOf: (row: ExpiryRow) => [row.expiresAt.getTime(), row.kind, row.subjectId],
        read: ({ after, take }) =>
          database.tenant(tenantId, (tx) =>
            selectExpiries(tx, {
              limit: take,
              ...(before === undefined ? {} : { before: parseTime(before, '/before') }),
              ...(integrationId === undefined ? {} : { integrationId }),
              ...(after === undefined
                ? {}
                : { after: { expiresAt: new Date(after[0]), kind: after[1], subjectId: after[2] } }),
            }),
          ),
      });
      return {
        items: items.map((row) => ({
          kind: row.kind,
          subjectId: row.subjectId,
          integrationId: row.integrationId,
          connectorId: row.connectorId,
          expiresAt: row.expiresAt.toISOString(),
          daysLeft: daysLeft(row.expiresAt),
        })),
        nextCursor,
      };
    },
  };
}
