// Writes and claims of all tenants together, under the role inthub_ingest.
import type { TenantId } from '@inthub/contracts';
import { sql } from 'kysely';
import { binaryArray, isPresent, type SystemTx } from '../../database/database.ts';
import type { BodyPack, PackedDeliveries } from './body-packs.ts';
import type { NewInbound } from './inbound-delivery.ts';

/** The tenant whose integration has endpoints; undefined when nobody's has. */
export async function findTenantOfEndpoint(tx: SystemTx, integrationId: string): Promise<TenantId | undefined> {
  const { rows } = await sql<{ tenant_id: TenantId }>`
    SELECT tenant_id FROM inbound_endpoints WHERE integration_id = ${integrationId} LIMIT 1`.execute(tx.db);
  return rows[0]?.tenant_id;
}

/** Integrations that have endpoints, of all tenants, in the order of their ids. @param after Id of the last one of the page before. */
export async function pageOfIntegrations(
  tx: SystemTx,
  { after, limit }: { readonly after: string | null; readonly limit: number },
): Promise<readonly { readonly tenantId: TenantId; readonly integrationId: string }[]> {
  const { rows } = await sql<{ tenantId: TenantId; integrationId: string }>`
    SELECT DISTINCT tenant_id AS "tenantId", integration_id AS "integrationId" FROM inbound_endpoints
    WHERE ${after}::uuid IS NULL OR integration_id > ${after}::uuid
    ORDER BY integration_id LIMIT ${limit}`.execute(tx.db);
  return rows;
}

export interface StoreOptions {
  /** The worker that already holds them, in which process, and until when; null: any worker may take them at once. */
  readonly lease: { readonly id: string; readonly until: Date; readonly holder: number } | null;
}

/** Bytes that stand in one row of inbound_bodies, so that it fits a page. */
export const partBytes = 8_000;

/**
 * Stores a batch in one statement of fixed text, so that it is planned once. Keys are stored in order, so that two batches cannot wait for each
 * other in a circle. A pack of nothing but repeats is not kept.
 * @returns the ids that were new; the others were stored before under another id.
 */
export async function storeDeliveries(
  tx: SystemTx,
  { deliveries, packs, places }: PackedDeliveries,
  { lease }: StoreOptions,
): Promise<ReadonlySet<string>> {
  const { uuid, text, timestamptz, json, bytea, int } = binaryArray;
  const column = <Value>(pick: (delivery: NewInbound) => Value): Value[] => deliveries.map(pick);
  const pieces = packs.flatMap(piecesOf);
  const { rows } = await sql<{ id: string }>`
    WITH input AS (
      SELECT * FROM unnest(${uuid(column(({ tenantId }) => tenantId))}::uuid[], ${uuid(column(({ id }) => id))}::uuid[],
        ${uuid(column(({ integrationId }) => integrationId))}::uuid[], ${uuid(column(({ endpointId }) => endpointId))}::uuid[],
        ${text(column(({ webhookId }) => webhookId))}::text[], ${text(column(({ externalId }) => externalId))}::text[],
        ${text(column(({ kind }) => kind))}::text[], ${timestamptz(column(({ receivedAt }) => receivedAt))}::timestamptz[],
        ${json(column(({ headers }) => JSON.stringify(headers)))}::json[], ${bytea(column(({ key }) => Buffer.from(key, 'hex')))}::bytea[],
        ${uuid(places.map(({ packId }) => packId))}::uuid[], ${timestamptz(places.map(({ packAt }) => packAt))}::timestamptz[],
        ${int(places.map(({ from }) => from))}::integer[], ${int(column(({ body }) => body.length))}::integer[])
        AS head (tenant_id, id, integration_id, endpoint_id, webhook_id, external_id, kind, received_at, headers, key, pack_id, pack_at,
          pack_from, length)
    ), fresh AS (
      INSERT INTO inbound_delivery_keys (tenant_id, integration_id, key, delivery_id, received_at)
      SELECT tenant_id, integration_id, key, id, received_at FROM input ORDER BY tenant_id, integration_id, key
      ON CONFLICT DO NOTHING RETURNING delivery_id
    ), bodies AS (
      INSERT INTO inbound_bodies (tenant_id, delivery_id, part, received_at, bytes)
      SELECT * FROM unnest(${uuid(pieces.map(({ tenantId }) => tenantId))}::uuid[], ${uuid(pieces.map(({ id }) => id))}::uuid[],
        ${int(pieces.map(({ part }) => part))}::integer[], ${timestamptz(pieces.map(({ at }) => at))}::timestamptz[],
        ${bytea(pieces.map(({ bytes }) => bytes))}::bytea[]) AS piece (tenant_id, pack_id, part, at, bytes)
      WHERE pack_id IN (SELECT input.pack_id FROM input JOIN fresh ON fresh.delivery_id = input.id)
    )
    INSERT INTO inbound_deliveries (tenant_id, id, integration_id, endpoint_id, webhook_id, external_id, kind, received_at, headers, body_bytes,
      pack_id, pack_at, pack_from, due_at, lease_id, holder)
    SELECT tenant_id, id, integration_id, endpoint_id, webhook_id, external_id, kind, received_at, headers, length,
      pack_id, pack_at, pack_from,
      coalesce(${lease?.until ?? null}::timestamptz, received_at), ${lease?.id ?? null}::uuid, ${lease?.holder ?? null}::integer
    FROM input JOIN fresh ON fresh.delivery_id = input.id
    RETURNING id`.execute(tx.db);
  return new Set(rows.map(({ id }) => id));
}

function piecesOf({ bytes, ...pack }: BodyPack): (BodyPack & { readonly part: number })[] {
  const pieces: (BodyPack & { readonly part: number })[] = [];
  for (let from = 0; from < bytes.length; from += partBytes)
    pieces.push({ ...pack, part: pieces.length, bytes: bytes.subarray(from, from + partBytes) });
  return pieces;
}

/** Under which ids deliveries with these keys are stored: by the id that was given to the duplicate. */
export async function findStoredIds(
  tx: SystemTx,
  duplicates: readonly NewInbound[],
): Promise<ReadonlyMap<string, string>> {
  const wanted = duplicates.map(({ id, tenantId, integrationId, key }) => ({
    id,
    tenant_id: tenantId,
    integration_id: integrationId,
    key,
  }));
  const { rows } = await sql<{ id: string; delivery_id: string }>`
    SELECT wanted.id, stored.delivery_id
    FROM json_to_recordset(${JSON.stringify(wanted)}::json) AS wanted (id uuid, tenant_id uuid, integration_id uuid, key text)
    JOIN inbound_delivery_keys AS stored ON stored.tenant_id = wanted.tenant_id
      AND stored.integration_id = wanted.integration_id AND stored.key = decode(wanted.key, 'hex')`.execute(tx.db);
  return new Map(rows.map(({ id, delivery_id }) => [id, delivery_id]));
}

/** A delivery that this worker holds until its lease runs out. */
export interface InboundClaim {
  readonly tenantId: TenantId;
  readonly id: string;
  readonly receivedAt: Date;
}

const mostDoublings = 4;
/** Only bounds the row: long before, enough of them are gone. */
const mostLostBy = 50;

export interface ClaimOptions {
  readonly now: Date;
  readonly leaseId: string;
  /** Doubled with each lease of a delivery that was lost, but for the first, up to 16 times as long. */
  readonly leaseMs: number;
  readonly holder: number;
  readonly limit: number;
}

/**
 * The longest waiting ones; those that another worker is just claiming are passed over. What is updated is named by arrays and not joined
 * with: for a join, a planner that believes the pending ones to be few reads all of them. Who takes a delivery over writes down which process has
 * lost it; how often it was lost is counted by a trigger.
 */
export async function claimDeliveries(tx: SystemTx, claim: ClaimOptions): Promise<InboundClaim[]> {
  const { now, leaseId, leaseMs, holder } = claim;
  const { rows } = await sql<{ tenant_id: TenantId; id: string; received_at: Date }>`
    WITH due AS MATERIALIZED (
      SELECT tenant_id, id, received_at FROM inbound_deliveries WHERE status = 'pending' AND due_at <= ${now}
      ORDER BY due_at LIMIT ${claim.limit} FOR UPDATE SKIP LOCKED)
    UPDATE inbound_deliveries SET lease_id = ${leaseId}, holder = ${holder},
      due_at = ${now}::timestamptz + ${leaseMs} * (1 << least(lost_leases, ${mostDoublings})) * interval '1 millisecond',
      lost_by = CASE WHEN lease_id IS NULL OR holder IS NULL OR holder = ${holder} OR holder = ANY (lost_by)
        OR cardinality(lost_by) >= ${mostLostBy} THEN lost_by ELSE lost_by || holder END
    WHERE tenant_id = ANY (ARRAY(SELECT tenant_id FROM due)) AND id = ANY (ARRAY(SELECT id FROM due))
      AND received_at BETWEEN (SELECT min(received_at) FROM due) AND (SELECT max(received_at) FROM due)
    RETURNING tenant_id, id, received_at`.execute(tx.db);
  return rows.map((row) => ({ tenantId: row.tenant_id, id: row.id, receivedAt: row.received_at }));
}

/** How many of these processes are gone. */
export async function countGone(tx: SystemTx, presences: readonly number[]): Promise<number> {
  const { rows } = await sql<{ gone: number }>`
    SELECT count(*)::int AS gone FROM unnest(${presences as number[]}::integer[]) AS process (presence)
    WHERE NOT ${isPresent(sql`presence`)}`.execute(tx.db);
  return rows[0]?.gone ?? 0;
}

/** Removes keys that have served their time (the policy of the role knows how long); returns how many. */
export async function deleteOldKeys(tx: SystemTx, limit: number): Promise<number> {
  const { rows } = await sql<{ removed: number }>`
    WITH removed AS (
      DELETE FROM inbound_delivery_keys WHERE (tenant_id, integration_id, key) IN (
        SELECT tenant_id, integration_id, key FROM inbound_delivery_keys
        WHERE received_at < statement_timestamp() - interval '7 days' LIMIT ${limit})
      RETURNING 1
    ) SELECT count(*)::int AS removed FROM removed`.execute(tx.db);
  return rows[0]?.removed ?? 0;
}

/** Channel on which a process without a worker says that it has stored deliveries. */
export const inboundChannel = 'inthub_inbound';

/** Heard by the workers of other processes when this transaction commits. */
export async function wakeWorkers(tx: SystemTx): Promise<void> {
  tx.commitBehindNext();
  await sql`SELECT pg_notify(${inboundChannel}, '')`.execute(tx.db);
}
