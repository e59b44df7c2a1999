// The bodies of stored deliveries, whichever way they were stored.
import { sql } from 'kysely';
import { binaryArray, type TenantTx } from '../../database/database.ts';
import { unpack } from './body-packs.ts';
import { partBytes } from './ingest-repository.ts';

/** What a row of inbound_deliveries tells of its body; selected by {@link bodyColumns}. */
export interface BodyRow {
  /** Of deliveries from before there were packs. */
  readonly whole: Buffer | null;
  readonly body_bytes: number | null;
  readonly pack_id: string | null;
  readonly pack_at: Date | null;
  readonly pack_from: number | null;
}

/** @param maxBytes Only the first bytes may be wanted. */
export function bodyColumns(maxBytes?: number) {
  const isWanted = maxBytes === undefined ? sql`` : sql`AND piece.part <= ${Math.floor(maxBytes / partBytes)}::integer`;
  const pieces = sql`(SELECT string_agg(piece.bytes, '' ORDER BY piece.part) FROM inbound_bodies AS piece
    WHERE piece.tenant_id = inbound_deliveries.tenant_id AND piece.delivery_id = inbound_deliveries.id
      AND piece.received_at = inbound_deliveries.received_at ${isWanted})`;
  return [
    sql<Buffer | null>`CASE WHEN pack_id IS NULL THEN coalesce(body, ${pieces}) END`.as('whole'),
    sql<number | null>`body_bytes`.as('body_bytes'),
    sql<string | null>`pack_id`.as('pack_id'),
    sql<Date | null>`pack_at`.as('pack_at'),
    sql<number | null>`pack_from`.as('pack_from'),
  ] as const;
}

/** In the order of the rows. Those of one pack share its memory. */
export async function readBodies(tx: TenantTx, rows: readonly BodyRow[]): Promise<readonly Buffer[]> {
  const packs = await readPacks(tx, rows);
  return rows.map(({ whole, body_bytes, pack_id, pack_from }) => {
    if (pack_id === null) return whole ?? Buffer.alloc(0);
    const begin = pack_from ?? 0;
    return packs.get(pack_id)?.subarray(begin, begin + (body_bytes ?? 0)) ?? Buffer.alloc(0);
  });
}

/** The packs that are named, unpacked, each once. */
async function readPacks(tx: TenantTx, rows: readonly BodyRow[]): Promise<ReadonlyMap<string, Buffer>> {
  const named = new Map<string, number>();
  for (const { pack_id, pack_at } of rows)
    if (pack_id !== null && pack_at !== null) named.set(pack_id, pack_at.getTime());
  if (named.size === 0) return new Map();
  const times = [...named.values()];
  const { rows: found } = await sql<{ id: string; bytes: Buffer }>`
    SELECT delivery_id AS id, string_agg(bytes, '' ORDER BY part) AS bytes FROM inbound_bodies
    WHERE tenant_id = ${tx.tenantId}::uuid AND delivery_id = ANY (${binaryArray.uuid([...named.keys()])}::uuid[])
      AND received_at BETWEEN ${new Date(Math.min(...times))}::timestamptz AND ${new Date(Math.max(...times))}::timestamptz
    GROUP BY delivery_id`.execute(tx.db);
  return new Map(await Promise.all(found.map(async ({ id, bytes }) => [id, await unpack(bytes)] as const)));
}
