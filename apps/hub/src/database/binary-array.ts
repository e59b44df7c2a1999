/**
 * Arrays as parameters in PostgreSQL's binary form (src/backend/utils/adt/arrayfuncs.c, array_recv; src/include/catalog/pg_type.dat for the
 * ids): for many rows at once. In the text form every quotation mark is escaped here and read character by character there.
 * Null and undefined are NULL. pg sends a Buffer as a binary parameter; the statement says the type: `${binaryArray.uuid(ids)}::uuid[]`.
 */
export const binaryArray = {
  uuid: (values: Nullable<string>): Buffer => encode(2950, values, { size: () => 16, write: writeUuid }),
  bytea: (values: Nullable<Uint8Array>): Buffer =>
    encode(17, values, { size: ({ length }) => length, write: (buffer, at, value) => buffer.set(value, at) }),
  text: (values: Nullable<string>): Buffer => encode(25, values, ofText),
  /** Texts of JSON. */
  json: (values: Nullable<string>): Buffer => encode(114, values, ofText),
  smallint: (values: Nullable<number>): Buffer =>
    encode(21, values, { size: () => 2, write: (buffer, at, value) => void buffer.writeInt16BE(value, at) }),
  int: (values: Nullable<number>): Buffer =>
    encode(23, values, { size: () => 4, write: (buffer, at, value) => void buffer.writeInt32BE(value, at) }),
  double: (values: Nullable<number>): Buffer =>
    encode(701, values, { size: () => 8, write: (buffer, at, value) => void buffer.writeDoubleBE(value, at) }),
  /** To the millisecond, as a Date is. */
  timestamptz: (values: Nullable<Date>): Buffer => encode(1184, values, ofTime),
};

type Nullable<Value> = readonly (Value | null | undefined)[];

interface ElementForm<Value> {
  size(value: Value): number;
  write(buffer: Buffer, at: number, value: Value, size: number): void;
}

const ofText: ElementForm<string> = {
  size: (value) => Buffer.byteLength(value),
  write: (buffer, at, value, size) => void buffer.write(value, at, size, 'utf8'),
};
/** PostgreSQL counts microseconds from 2000-01-01. */
const epochMs = Date.UTC(2000, 0, 1);
const ofTime: ElementForm<Date> = {
  size: () => 8,
  write(buffer, at, value) {
    const milliseconds = value.getTime() - epochMs;
    const microseconds = milliseconds * 1_000;
    // In halves, as long as they are exact: until the year 2285.
    if (!Number.isSafeInteger(microseconds)) return void buffer.writeBigInt64BE(BigInt(milliseconds) * 1_000n, at);
    const high = Math.floor(microseconds / two32);
    buffer.writeUInt32BE(microseconds - high * two32, buffer.writeInt32BE(high, at));
  },
};
const two32 = 2 ** 32;
const headBytes = 20;

const digits = new Uint8Array(128).fill(0xff);
for (let digit = 0; digit < 16; digit += 1) {
  digits[digit.toString(16).charCodeAt(0)] = digit;
  digits[digit.toString(16).toUpperCase().charCodeAt(0)] = digit;
}
const dash = 0x2d;

/** Digit by digit: ids are most of what a batch holds, and to take the dashes out of each makes another text. */
function writeUuid(buffer: Buffer, at: number, value: string): void {
  let found = 0;
  let high = 0;
  for (let index = 0; index < value.length; index += 1) {
    const code = value.charCodeAt(index);
    if (code === dash) continue;
    const digit = digits[code] ?? 0xff;
    // What the text form would refuse must not become other bytes here.
    if (digit > 15 || found === 32) throw new TypeError('An id is no UUID.');
    if ((found & 1) === 0) high = digit << 4;
    else buffer[at + (found >> 1)] = high | digit;
    found += 1;
  }
  if (found !== 32) throw new TypeError('An id is no UUID.');
}

function encode<Value>(typeId: number, values: Nullable<Value>, { size, write }: ElementForm<Value>): Buffer {
  const sizes = values.map((value) => (value === null || value === undefined ? -1 : size(value)));
  const buffer = Buffer.allocUnsafe(sizes.reduce((sum, bytes) => sum + 4 + Math.max(0, bytes), headBytes));
  buffer.writeInt32BE(1, 0); // dimensions
  buffer.writeInt32BE(sizes.includes(-1) ? 1 : 0, 4);
  buffer.writeInt32BE(typeId, 8);
  buffer.writeInt32BE(values.length, 12);
  buffer.writeInt32BE(1, 16); // the first index
  let at = headBytes;
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index];
    const bytes = sizes[index] ?? -1;
    at = buffer.writeInt32BE(bytes, at);
    if (value === null || value === undefined) continue;
    write(buffer, at, value, bytes);
    at += bytes;
  }
  return buffer;
}
