// Bodies that are stored in one commit, compressed together. Alone a body of 10 KB becomes 2 KB; beside others of its tenant, which repeat each
// other's names and addresses, a few hundred bytes.
import { promisify } from 'node:util';
import { brotliCompress, brotliCompressSync, brotliDecompress, brotliDecompressSync, constants } from 'node:zlib';
import { createId, type TenantId } from '@inthub/contracts';
import type { NewInbound } from './inbound-delivery.ts';

/** Compressed bodies of one tenant. */
export interface BodyPack {
  readonly tenantId: TenantId;
  readonly id: string;
  /** Of its youngest delivery. */
  readonly at: Date;
  readonly bytes: Buffer;
}

/** Where a body stands. */
export interface BodyPlace {
  readonly packId: string;
  readonly packAt: Date;
  /** In the unpacked bytes. */
  readonly from: number;
}

export interface PackedDeliveries {
  readonly deliveries: readonly NewInbound[];
  readonly packs: readonly BodyPack[];
  /** Of each delivery, in order. */
  readonly places: readonly BodyPlace[];
}

/** Of bodies in one pack, bytes: who wants to see a single one unpacks them all. A larger one has a pack of its own. */
export const mostInPack = 512 << 10;
/** More than this is nothing to hold up the event loop for. */
const mostAtOnce = mostInPack;
/**
 * Where bodies are put in a row to be compressed at once. One for all: a buffer for each pack doubles what a flood allocates outside of V8's heap, and
 * at 64 MB of that V8 begins a full collection, which took a quarter of the hub's time.
 */
const row = Buffer.allocUnsafeSlow(mostInPack);
/**
 * The fastest, with a window that still holds many bodies: GitHub's pushes of 10 KB become a thirteenth in 4 to 7 µs each; quality 1 makes a sixteenth of
 * them in half as long again.
 */
const options = { params: { [constants.BROTLI_PARAM_QUALITY]: 0, [constants.BROTLI_PARAM_LGWIN]: 18 } };
const compressLarge = promisify(brotliCompress);
const decompressLarge = promisify(brotliDecompress);

interface OpenPack {
  readonly tenantId: TenantId;
  readonly id: string;
  readonly bodies: Uint8Array[];
  readonly members: number[];
  size: number;
  atMs: number;
}

export async function packBodies(deliveries: readonly NewInbound[]): Promise<PackedDeliveries> {
  const packs: OpenPack[] = [];
  const open = new Map<TenantId, OpenPack>();
  const begins: number[] = [];
  for (let index = 0; index < deliveries.length; index += 1) {
    const { tenantId, body, receivedAt } = deliveries[index] as NewInbound;
    let pack = open.get(tenantId);
    if (pack === undefined || pack.size + body.length > mostInPack) {
      pack = { tenantId, id: createId<string>(), bodies: [], members: [], size: 0, atMs: 0 };
      packs.push(pack);
      open.set(tenantId, pack);
    }
    begins.push(pack.size);
    pack.bodies.push(body);
    pack.members.push(index);
    pack.size += body.length;
    pack.atMs = Math.max(pack.atMs, receivedAt.getTime());
  }
  const places = new Array<BodyPlace>(deliveries.length);
  const packed: BodyPack[] = [];
  for (const { tenantId, id, bodies, members, size, atMs } of packs) {
    const at = new Date(atMs);
    for (const index of members) places[index] = { packId: id, packAt: at, from: begins[index] ?? 0 };
    const raw = inRow(bodies);
    // Larger is only a body that stands alone, so that the row is free again before anything else is put into it.
    const bytes = size > mostAtOnce ? await compressLarge(raw, options) : brotliCompressSync(raw, options);
    packed.push({ tenantId, id, at, bytes });
  }
  return { deliveries, packs: packed, places };
}

function inRow(bodies: readonly Uint8Array[]): Uint8Array {
  const [only] = bodies;
  if (bodies.length === 1 && only !== undefined) return only;
  let size = 0;
  for (const body of bodies) {
    row.set(body, size);
    size += body.length;
  }
  return row.subarray(0, size);
}

/** What was packed. */
export async function unpack(bytes: Uint8Array): Promise<Buffer> {
  return bytes.length > mostAtOnce / 8 ? decompressLarge(bytes) : brotliDecompressSync(bytes);
}
