import { type Clock, createId, HubError, type IntegrationEvent, storableText } from '@inthub/contracts';
import type { Database, SystemTx } from '../../database/database.ts';
import { renewLease } from './consumer-repository.ts';
import { type DeliveryOutcome, sourceKey } from './delivery-window.ts';
import type { LogPosition } from './log-repository.ts';
import {
  callNextOfSources,
  deleteRedeliveries,
  insertDeadLetters,
  type NewDeadLetter,
  type Redelivery,
  type SourceKey,
  selectHeldAmong,
  upsertRedeliveries,
} from './redelivery-repository.ts';

export interface LedgerOptions {
  readonly database: Database;
  readonly consumer: string;
  /** Null: only adds to the waiting ones, which anybody may; the position belongs to the transport. */
  readonly lease: { readonly id: string; readonly ms: number } | null;
  readonly ordered: boolean;
  readonly maxRetries: number;
  readonly retryDelaysMs: readonly number[];
  readonly clock: Clock;
  /** 0 ≤ x < 1, for jitter. */
  readonly random: () => number;
  readonly redact: (text: string, tenantId: string) => string;
  /** Something is there to be written. `urgent`: more than a position. */
  readonly onChange: (urgent: boolean) => void;
}

/** An event and what became of it. */
export interface Handled {
  readonly event: IntegrationEvent;
  readonly position: LogPosition;
  readonly attempts: number;
  /** The row that it waited in, if it did. */
  readonly row: Redelivery | null;
}

/** What became of each event, until it is written down: position, retries, dead letters, in one transaction. */
export interface Ledger {
  readonly held: Set<string>;
  /** Events whose outcome is not written yet. */
  readonly size: number;
  settle(handled: Handled, outcome: DeliveryOutcome, onWritten?: () => void): void;
  /** Moves on to `position` with the next write. */
  advance(position: LogPosition): void;
  /** Writes what has come together. @throws LeaseLost, or the database's error: then nothing is lost and it may be called again */
  flush(): Promise<void>;
}

/** Another process serves the consumer by now. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost';
}

/** Before the attempt after `attempts` failed ones. @param random 0 ≤ x < 1 */
export function retryPauseMs(attempts: number, retryDelaysMs: readonly number[], random: () => number): number {
  const pauseMs = retryDelaysMs[Math.min(attempts, retryDelaysMs.length) - 1] ?? 0;
  return pauseMs * (0.8 + 0.4 * random());
}

interface Changes {
  upserts: Map<string, Redelivery>;
  removed: Map<string, Redelivery>;
  dead: NewDeadLetter[];
  position: LogPosition | null;
  onWritten: (() => void)[];
}

const none = (): Changes => ({ upserts: new Map(), removed: new Map(), dead: [], position: null, onWritten: [] });

export function createLedger(options: LedgerOptions): Ledger {
  const { database, consumer, lease, ordered, maxRetries, clock } = options;
  const held = new Set<string>();
  let changes = none();

  function wait(handled: Handled, attempts: number, error: string | null, dueAt: Date | null): void {
    const { event, position, row } = handled;
    const holdsSource = row === null ? ordered : row.holdsSource;
    if (holdsSource) held.add(sourceKey(event));
    changes.upserts.set(`${event.tenantId}/${event.id}`, {
      event,
      position,
      attempts,
      error,
      dueAt,
      holdsSource,
      redrives: row?.redrives ?? 0,
    });
  }

  function fail(handled: Handled, error: unknown): void {
    const attempts = handled.attempts + 1;
    if (attempts > maxRetries) {
      giveUp(handled, attempts, error);
      return;
    }
    const pauseMs = retryPauseMs(attempts, options.retryDelaysMs, options.random);
    wait(handled, attempts, textOf(handled, error), new Date(clock.now().getTime() + pauseMs));
  }

  function textOf({ event }: Handled, error: unknown): string {
    return describe(error, (message) => options.redact(message, event.tenantId));
  }

  function giveUp(handled: Handled, attempts: number, error: unknown): void {
    const { event, position, row } = handled;
    changes.dead.push({
      id: createId(),
      event,
      position,
      attempts,
      error: textOf(handled, error),
      redrives: row?.redrives ?? 0,
      deadAt: clock.now(),
    });
    if (row !== null) changes.removed.set(`${event.tenantId}/${event.id}`, row);
  }

  async function write(tx: SystemTx, written: Changes): Promise<readonly SourceKey[]> {
    const { upserts, removed, dead, position } = written;
    const onlyPosition = upserts.size + removed.size + dead.length === 0;
    if (lease !== null) {
      if (onlyPosition) tx.commitBehindNext();
      const isOurs = await renewLease(tx, {
        name: consumer,
        leaseId: lease.id,
        leaseMs: lease.ms,
        position,
        isRelaxed: onlyPosition,
      });
      if (!isOurs) throw new LeaseLost();
    }
    if (onlyPosition) return [];
    if (upserts.size > 0) await upsertRedeliveries(tx, consumer, [...upserts.values()]);
    if (dead.length > 0) await insertDeadLetters(tx, consumer, dead);
    if (removed.size > 0) {
      const keys = [...removed.values()].map(({ event }) => ({ tenantId: event.tenantId, eventId: event.id }));
      await deleteRedeliveries(tx, consumer, keys);
    }
    const touched = sourcesOf([...upserts.values(), ...removed.values()]);
    if (touched.length === 0) return [];
    await callNextOfSources(tx, consumer, touched, clock.now());
    const still = new Set((await selectHeldAmong(tx, consumer, touched)).map(sourceKey));
    return touched.filter((source) => !still.has(sourceKey(source)));
  }

  return {
    held,
    get size() {
      return changes.upserts.size + changes.removed.size + changes.dead.length;
    },
    settle(handled, outcome, onWritten) {
      const { event, row, attempts } = handled;
      if (outcome.result === 'failed') fail(handled, outcome.error);
      else if (outcome.result === 'dead') giveUp(handled, attempts, outcome.error);
      else if (outcome.result === 'parked') wait(handled, attempts, null, null);
      else if (outcome.result === 'queued') {
        wait(handled, attempts, null, ordered && held.has(sourceKey(event)) ? null : clock.now());
      } else if (row !== null) changes.removed.set(`${event.tenantId}/${event.id}`, row);
      else return onWritten?.();
      if (onWritten !== undefined) changes.onWritten.push(onWritten);
      options.onChange(true);
    },
    advance(position) {
      changes.position = position;
      options.onChange(false);
    },
    async flush() {
      const written = changes;
      changes = none();
      if (lease === null && written.upserts.size + written.removed.size + written.dead.length === 0) return;
      try {
        const freed = await database.system('inthub_relay', (tx) => write(tx, written));
        const waiting = new Set([...changes.upserts.values()].filter(({ holdsSource }) => holdsSource).map(keyOf));
        for (const key of freed.map(sourceKey)) if (!waiting.has(key)) held.delete(key);
      } catch (error) {
        changes = merge(written, changes);
        throw error;
      }
      for (const tell of written.onWritten) tell();
    },
  };
}

const keyOf = ({ event }: Redelivery) => sourceKey(event);

function sourcesOf(rows: readonly Redelivery[]): readonly SourceKey[] {
  const found = new Map<string, SourceKey>();
  for (const { event, holdsSource } of rows) {
    if (holdsSource) found.set(sourceKey(event), { tenantId: event.tenantId, source: event.source });
  }
  return [...found.values()];
}

/** What was not written, with what came since. */
function merge(earlier: Changes, later: Changes): Changes {
  return {
    upserts: new Map([...earlier.upserts, ...later.upserts]),
    removed: new Map([...earlier.removed, ...later.removed]),
    dead: [...earlier.dead, ...later.dead],
    position: later.position ?? earlier.position,
    onWritten: [...earlier.onWritten, ...later.onWritten],
  };
}

function describe(error: unknown, redact: (text: string) => string): string {
  const text =
    error instanceof HubError
      ? `${error.code}: ${error.message}`
      : error instanceof Error
        ? `${error.name}: ${error.message}`
        : String(error);
  return storableText(redact(text), 2_000);
}
