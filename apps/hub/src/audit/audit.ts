// rule-ok: injected-clock it gives other work its turn and waits for no time
import { setImmediate } from 'node:timers/promises';
import { type Clock, createId, HubError, invalidField, isStorable, type Page, type TenantId } from '@inthub/contracts';
import Type from 'typebox';
import { cursorKind, type Database, decodeCursor, encodeCursor, type TenantTx } from '../database/database.ts';
import { sealableBody } from './audit-body.ts';
import type { AuditEntry, AuditQuery, AuditRecord, AuditVerification } from './audit-record.ts';
import {
  type AuditFilter,
  appendEntries,
  insertFirstHead,
  lockHead,
  type SealedEntry,
  type SearchKeys,
  type StoredEntry,
  type StoredHead,
  selectEntries,
} from './audit-repository.ts';
import { type AuditStamp, entryHash, genesis, headMac, isSealed } from './chain.ts';
import { cutChain } from './cut-chain.ts';
import { type ResealRequest, type ResealResult, resealChain } from './reseal-chain.ts';
import { type Harmless, UnsealedEntry, unsealedEntryOf } from './unsealed-entry.ts';
import { verifyChain } from './verify-chain.ts';

export type { AuditEntry, AuditQuery, AuditRecord, AuditVerification } from './audit-record.ts';
export type { UnsealedEntry } from './unsealed-entry.ts';

/**
 * Append-only, hash-chained per tenant. `append` belongs last in a change's transaction: it locks the tenant's chain head until
 * commit, and when it fails the change does not happen.
 */
export interface AuditWriter {
  append(tx: TenantTx, record: AuditRecord): Promise<void>;
  /** Several at once, one lock, in the order given. */
  appendAll(tx: TenantTx, records: readonly AuditRecord[]): Promise<void>;
}

/** For records that wait for others before they are appended: the gateway's. */
export interface AuditBatches {
  /** The record in a form that is smaller to keep and quicker to append; the record itself where it has none. */
  prepare(tenantId: TenantId, record: AuditRecord): AuditRecord | UnsealedEntry;
  /** As `appendAll`. */
  appendPrepared(tx: TenantTx, records: readonly (AuditRecord | UnsealedEntry)[]): Promise<void>;
}

export interface AuditReader {
  list(tenantId: TenantId, query: AuditQuery): Promise<Page<AuditEntry>>;
  verify(tenantId: TenantId): Promise<AuditVerification>;
}

/** For the day on which the key of the seals is gone. */
export interface AuditSealer {
  /**
   * Seals a tenant's chain anew after it was found whole, and adds an entry about it. The caller has checked for `platform.admin`.
   * @throws HubError `conflict` when the key is there, or when more is wrong than the seal.
   */
  reseal(tenantId: TenantId, request: ResealRequest): Promise<ResealResult>;
}

/** Retention: chains lose their oldest entries and stay verifiable. */
export interface AuditCutter {
  /** Call before the entries from before `before` are dropped. @returns whether there are any. @throws HubError `conflict` for a broken chain */
  cut(tenantId: TenantId, before: Date): Promise<boolean>;
}

export interface AuditLogOptions {
  readonly database: Database;
  readonly clock: Clock;
  /** Replaces every secret in a value; applied to a whole record before it is stored. */
  readonly redact: (value: unknown, tenantId: string) => unknown;
  /** Tells what needs no redaction. Default: every record is redacted. */
  readonly harmless?: Harmless;
  /** Trace of the request that a record names; it is added to the record's details. Default: none is known. */
  readonly traceIdOf?: (requestId: string) => string | undefined;
  /** Seals the heads; 32 bytes from outside the database. */
  readonly chainKey: Uint8Array;
  /** Keys of before a change of `chainKey`: heads sealed with them are accepted, and sealed anew by the next entry. */
  readonly earlierChainKeys?: readonly Uint8Array[];
  /** Entries in memory at a time while verifying. Default 500. */
  readonly verifyBatchSize?: number;
}

/** Entries of one statement; a larger batch is stored in several, under one lock. */
const maxRowsPerStatement = 1_000;
/** Entries sealed before others get their turn of the event loop: some 5 µs each. */
const maxSealedAtOnce = 32;
const Position = Type.Tuple([Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER })]);

/** The audit on PostgreSQL. */
export function createAuditLog(
  options: AuditLogOptions,
): AuditWriter & AuditBatches & AuditReader & AuditSealer & AuditCutter {
  const { database, clock, redact, chainKey } = options;
  const chainKeys = [chainKey, ...(options.earlierChainKeys ?? [])] as const;
  const batchSize = options.verifyBatchSize ?? 500;

  /** The locked head, once its seal is known to be ours: extending a forged head would seal the forgery. */
  async function headToExtend(tx: TenantTx): Promise<StoredHead> {
    let head = await lockHead(tx);
    if (head === undefined) {
      await insertFirstHead(tx, headMac(chainKey, tx.tenantId, { seq: 0, hash: genesis }));
      head = await lockHead(tx);
    }
    if (head !== undefined && isSealed(chainKeys, tx.tenantId, head, head.mac)) return head;
    const what = head === undefined ? 'has lost its head' : 'does not carry the seal of this hub';
    throw new HubError(
      'unavailable',
      `The audit chain of this tenant ${what}, so nothing can be added to it. ` +
        'Check the master key and run "inthub audit verify"; where the key is lost for good, a platform admin can run "inthub audit reseal".',
      { retryable: false },
    );
  }

  function traced(record: AuditRecord): AuditRecord {
    if (options.traceIdOf === undefined || record.details?.['traceId'] !== undefined) return record;
    const traceId = options.traceIdOf(record.requestId);
    return traceId === undefined ? record : { ...record, details: { traceId, ...record.details } };
  }

  function prepare(tenantId: string, record: AuditRecord): AuditRecord | UnsealedEntry {
    const whole = traced(record);
    return (options.harmless && unsealedEntryOf(whole, tenantId, options.harmless)) ?? whole;
  }

  function sealable(record: AuditRecord | UnsealedEntry, stamp: AuditStamp): { text: string; keys: SearchKeys } {
    const prepared = record instanceof UnsealedEntry ? record : prepare(stamp.tenantId, record);
    if (prepared instanceof UnsealedEntry) {
      if (prepared.tenantId !== stamp.tenantId) throw new HubError('internal', 'An entry is of another tenant.');
      return { text: prepared.stamped(stamp), keys: prepared.keys };
    }
    const { body, text } = sealableBody(prepared, stamp, redact);
    const { action, actor, target, outcome, requestId } = body;
    return { text, keys: { action, actorId: actor.id, targetId: target.id, outcome, requestId } };
  }

  async function appendAll(tx: TenantTx, records: readonly (AuditRecord | UnsealedEntry)[]): Promise<void> {
    if (records.length === 0) return;
    let head = await headToExtend(tx);
    const at = clock.now().toISOString();
    for (let start = 0; start < records.length; start += maxRowsPerStatement) {
      let { seq, hash } = head;
      const entries: SealedEntry[] = [];
      for (const record of records.slice(start, start + maxRowsPerStatement)) {
        // A large batch would hold up every call that is under way.
        if (entries.length > 0 && entries.length % maxSealedAtOnce === 0) await setImmediate();
        seq += 1;
        const stamp = { seq, id: createId<string>(), tenantId: tx.tenantId, at };
        const { text, keys } = sealable(record, stamp);
        hash = entryHash(hash, text);
        entries.push({ id: stamp.id, keys, text, hash });
      }
      head = { seq, hash, mac: headMac(chainKey, tx.tenantId, { seq, hash }) };
      const moved = await appendEntries(tx, entries, { at, head });
      if (moved !== 1) throw new HubError('internal', 'The head of the audit chain went away while it was locked.');
    }
  }

  return {
    appendAll,
    prepare,
    appendPrepared: appendAll,
    append: (tx, record) => appendAll(tx, [record]),
    async list(tenantId, { cursor, limit, since, until, ...exact }) {
      if (!Object.values(exact).every((value = '') => isStorable(value))) return { items: [], nextCursor: null };
      const filter: AuditFilter = {
        ...exact,
        ...(since === undefined ? {} : { since: parseTime('/since', since) }),
        ...(until === undefined ? {} : { until: parseTime('/until', until) }),
      };
      const kind = cursorKind('audit', { ...exact, since, until });
      const [beforeSeq] = cursor === undefined ? [] : decodeCursor(kind, cursor, Position);
      const found = await database.tenant(tenantId, (tx) =>
        selectEntries(tx, filter, { limit: limit + 1, ...(beforeSeq === undefined ? {} : { beforeSeq }) }),
      );
      const items = found.slice(0, limit).map(toEntry);
      const last = items.at(-1);
      const isMore = found.length > limit && last !== undefined;
      return { items, nextCursor: isMore ? encodeCursor(kind, [last.seq]) : null };
    },
    verify: (tenantId) => verifyChain({ database, tenantId, chainKeys, batchSize }),
    cut: (tenantId, before) => cutChain({ database, clock, chainKey, chainKeys, batchSize }, tenantId, before),
    reseal: (tenantId, request) =>
      resealChain(
        { database, chainKeys, batchSize, append: (tx, record) => appendAll(tx, [record]) },
        tenantId,
        request,
      ),
  };
}

/** The entry as it was sealed; the columns beside it are only for searching. */
function toEntry({ seq, body, hash }: StoredEntry): AuditEntry {
  try {
    const { tenantId: _, ...entry } = JSON.parse(body) as AuditEntry & { tenantId: string };
    return { ...entry, hash: hash.toString('hex') };
  } catch (cause) {
    throw new HubError('unavailable', `Audit entry ${seq} is damaged; run "inthub audit verify".`, {
      retryable: false,
      cause,
    });
  }
}

function parseTime(path: string, text: string): Date {
  const time = new Date(text);
  if (Number.isNaN(time.getTime()))
    throw invalidField(path, 'is not a time; write ISO 8601, 2026-11-21T10:15:30.000Z', 'date-time');
  return time;
}
