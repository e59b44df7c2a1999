import { sql } from 'kysely';
import { binaryArray, type TenantTx } from '../database/database.ts';
import { genesis } from './chain.ts';

interface HeadsTable {
  tenant_id: string;
  seq: string | number;
  hash: Buffer;
  mac: Buffer;
}

interface EntriesTable {
  tenant_id: string;
  seq: string | number;
  id: string;
  at: Date;
  action: string;
  actor_id: string;
  target_id: string;
  outcome: string;
  request_id: string;
  body: string;
  hash: Buffer;
}

/** A head as stored. */
export interface StoredHead {
  readonly seq: number;
  readonly hash: Buffer;
  readonly mac: Buffer;
}

/** An entry as stored: the sealed text, its hash, and the columns that repeat parts of it. */
export interface StoredEntry {
  readonly seq: number;
  readonly id: string;
  readonly at: string;
  readonly action: string;
  readonly actorId: string;
  readonly targetId: string;
  readonly outcome: string;
  readonly requestId: string;
  readonly body: string;
  readonly hash: Buffer;
}

export interface AuditFilter {
  readonly action?: string;
  readonly actorId?: string;
  readonly targetId?: string;
  readonly since?: Date;
  readonly until?: Date;
}

const tablesOf = (tx: TenantTx) => tx.db.withTables<{ audit_heads: HeadsTable; audit_entries: EntriesTable }>();
const columns = [
  'seq',
  'id',
  'at',
  'action',
  'actor_id',
  'target_id',
  'outcome',
  'request_id',
  'body',
  'hash',
] as const;

/** The tenant's head, locked until the transaction ends, so that entries are numbered one writer at a time. */
export async function lockHead(tx: TenantTx): Promise<StoredHead | undefined> {
  const row = await tablesOf(tx)
    .selectFrom('audit_heads')
    .select(['seq', 'hash', 'mac'])
    .where('tenant_id', '=', tx.tenantId)
    .forUpdate()
    .executeTakeFirst();
  return row && { ...row, seq: Number(row.seq) };
}

/**
 * Starts a chain where there is none; does nothing when another writer has just done so, or when there are entries, whose head
 * somebody then has taken away.
 */
export async function insertFirstHead(tx: TenantTx, mac: Buffer): Promise<void> {
  await sql`
    INSERT INTO audit_heads (tenant_id, seq, hash, mac) SELECT ${tx.tenantId}::uuid, 0, ${genesis}::bytea, ${mac}::bytea
    WHERE NOT EXISTS (SELECT FROM audit_entries WHERE tenant_id = ${tx.tenantId})
    ON CONFLICT (tenant_id) DO NOTHING
  `.execute(tx.db);
}

/** An entry to store: the sealed text, its hash, and what is also kept beside it for searching. */
export interface SealedEntry {
  readonly id: string;
  readonly keys: SearchKeys;
  readonly text: string;
  readonly hash: Buffer;
}

/** Parts of the body, as they stand in it. */
export interface SearchKeys {
  readonly action: string;
  readonly actorId: string;
  readonly targetId: string;
  readonly outcome: string;
  readonly requestId: string;
}

/**
 * Stores entries that follow each other up to the new head, and moves the head, in one round trip. Bodies travel as lines of one text and
 * hashes as one string of bytes: canonical JSON has no line break outside an escape, and an array literal would escape every quotation
 * mark in it. Returns how many heads were moved: 1, unless somebody removed the row.
 */
export async function appendEntries(
  tx: TenantTx,
  entries: readonly SealedEntry[],
  { at, head }: { readonly at: string; readonly head: StoredHead },
): Promise<number> {
  const { text, uuid } = binaryArray;
  const keys = (name: keyof SearchKeys) => text(entries.map((entry) => entry.keys[name]));
  const moved = await sql`
    WITH stored AS (
      INSERT INTO audit_entries (tenant_id, seq, id, at, action, actor_id, target_id, outcome, request_id, body, hash)
      SELECT ${tx.tenantId}::uuid, ${head.seq - entries.length}::bigint + number, id, ${at}::timestamptz, action, actor_id, target_id, outcome,
        request_id, body, substr(${Buffer.concat(entries.map(({ hash }) => hash))}::bytea, (32 * (number - 1) + 1)::int, 32)
      FROM unnest(${uuid(entries.map(({ id }) => id))}::uuid[], ${keys('action')}::text[], ${keys('actorId')}::text[],
        ${keys('targetId')}::text[], ${keys('outcome')}::text[], ${keys('requestId')}::text[],
        string_to_array(${entries.map((entry) => entry.text).join('\n')}, E'\\n'))
        WITH ORDINALITY AS entry (id, action, actor_id, target_id, outcome, request_id, body, number)
    )
    UPDATE audit_heads SET seq = ${head.seq}, hash = ${head.hash}, mac = ${head.mac} WHERE tenant_id = ${tx.tenantId}
  `.execute(tx.db);
  return Number(moved.numAffectedRows ?? 0);
}

/** Gives the locked head another seal. */
export async function setHeadMac(tx: TenantTx, mac: Buffer): Promise<void> {
  await tablesOf(tx).updateTable('audit_heads').set({ mac }).where('tenant_id', '=', tx.tenantId).execute();
}

/** Head and highest number in one statement, so that both are of the same moment. */
export async function selectEnds(tx: TenantTx): Promise<{ head: StoredHead | undefined; lastSeq: number }> {
  const { rows } = await sql<Partial<HeadsTable> & { last_seq: string | number | null }>`
    SELECT head.seq, head.hash, head.mac,
      (SELECT max(entry.seq) FROM audit_entries AS entry WHERE entry.tenant_id = ${tx.tenantId}) AS last_seq
    FROM (VALUES (1)) AS one LEFT JOIN audit_heads AS head ON head.tenant_id = ${tx.tenantId}
  `.execute(tx.db);
  const [row] = rows;
  const { seq, hash, mac } = row ?? {};
  return {
    head: seq == null || hash == null || mac == null ? undefined : { seq: Number(seq), hash, mac },
    lastSeq: Number(row?.last_seq ?? 0),
  };
}

/** Entries in chain order after a place in it. */
export async function selectChain(
  tx: TenantTx,
  range: { after: { seq: number; id: string }; upTo: number; limit: number },
): Promise<StoredEntry[]> {
  const rows = await tablesOf(tx)
    .selectFrom('audit_entries')
    .select(columns)
    .where('tenant_id', '=', tx.tenantId)
    .where(sql<boolean>`(seq, id) > (${range.after.seq}::bigint, ${range.after.id}::uuid)`)
    .where('seq', '<=', range.upTo)
    .orderBy('seq')
    .orderBy('id')
    .limit(range.limit)
    .execute();
  return rows.map(toEntry);
}

/** Newest first, below `beforeSeq`. */
export async function selectEntries(
  tx: TenantTx,
  filter: AuditFilter,
  page: { beforeSeq?: number; limit: number },
): Promise<StoredEntry[]> {
  let select = tablesOf(tx)
    .selectFrom('audit_entries')
    .select(columns)
    .where('tenant_id', '=', tx.tenantId)
    .orderBy('seq', 'desc')
    .limit(page.limit);
  if (page.beforeSeq !== undefined) select = select.where('seq', '<', page.beforeSeq);
  if (filter.action !== undefined) select = select.where('action', '=', filter.action);
  if (filter.actorId !== undefined) select = select.where('actor_id', '=', filter.actorId);
  if (filter.targetId !== undefined) select = select.where('target_id', '=', filter.targetId);
  if (filter.since !== undefined) select = select.where('at', '>=', filter.since);
  if (filter.until !== undefined) select = select.where('at', '<', filter.until);
  return (await select.execute()).map(toEntry);
}

function toEntry(row: Pick<EntriesTable, (typeof columns)[number]>): StoredEntry {
  return {
    seq: Number(row.seq),
    id: row.id,
    at: row.at.toISOString(),
    action: row.action,
    actorId: row.actor_id,
    targetId: row.target_id,
    outcome: row.outcome,
    requestId: row.request_id,
    body: row.body,
    hash: row.hash,
  };
}
