// Arrays as parameters in PostgreSQL's binary form (array_recv and the types' own *_recv): the driver writes arrays as text, which both
// sides would have to make and take apart again. Worth it where many rows travel in one statement.

/** Microseconds of PostgreSQL's time run from 2000-01-01. */
const epochMs = 946_684_800_000;
const headBytes = 20;
const oids = { bytea: 17, int4: 23, text: 25, json: 114, timestamptz: 1184, uuid: 2950 } as const;

export const binaryArrays = {
  /** In the usual form with hyphens. */
  uuids: (values: readonly string[]) => fixed(oids.uuid, 16, values, writeUuid),
  times: (values: readonly Date[]) =>
    fixed(oids.timestamptz, 8, values, (into, value, at) => {
      into.writeBigInt64BE(BigInt(value.getTime() - epochMs) * 1_000n, at);
    }),
  integers: (values: readonly number[]) =>
    fixed(oids.int4, 4, values, (into, value, at) => {
      into.writeInt32BE(value, at);
    }),
  texts: (values: readonly (string | null)[]) => variable(oids.text, values.map(toBytes)),
  /** Values as JSON text. */
  json: (values: readonly string[]) => variable(oids.json, values.map(toBytes)),
  bytes: (values: readonly Uint8Array[]) => variable(oids.bytea, values),
} as const;

function fixed<Value>(
  oid: number,
  size: number,
  values: readonly Value[],
  write: (into: Buffer, value: Value, at: number) => void,
): Buffer {
  const array = begin(oid, values.length, values.length * (4 + size), false);
  let at = headBytes;
  for (const value of values) {
    array.writeInt32BE(size, at);
    write(array, value, at + 4);
    at += 4 + size;
  }
  return array;
}

function variable(oid: number, values: readonly (Uint8Array | null)[]): Buffer {
  const size = values.reduce((sum, value) => sum + 4 + (value?.length ?? 0), 0);
  const array = begin(oid, values.length, size, values.includes(null));
  let at = headBytes;
  for (const value of values) {
    array.writeInt32BE(value?.length ?? -1, at);
    if (value !== null) array.set(value, at + 4);
    at += 4 + (value?.length ?? 0);
  }
  return array;
}

/** One dimension, counted from 1. */
function begin(oid: number, count: number, size: number, hasNulls: boolean): Buffer {
  const array = Buffer.allocUnsafe(headBytes + size);
  array.writeInt32BE(1, 0);
  array.writeInt32BE(hasNulls ? 1 : 0, 4);
  array.writeInt32BE(oid, 8);
  array.writeInt32BE(count, 12);
  array.writeInt32BE(1, 16);
  return array;
}

function writeUuid(into: Buffer, value: string, at: number): void {
  if (into.write(value.replaceAll('-', ''), at, 16, 'hex') !== 16) throw new TypeError('An id is no UUID.');
}

function toBytes(text: string | null): Buffer | null {
  return text === null ? null : Buffer.from(text, 'utf8');
}
