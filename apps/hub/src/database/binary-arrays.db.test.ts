import { createId } from '@inthub/contracts';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { binaryArrays } from './binary-arrays.ts';
import { type OpenTestDatabase, openTestDatabase } from './testing.ts';

let open: OpenTestDatabase;
beforeAll(async () => {
  open = await openTestDatabase();
});
afterAll(() => open.close());

async function echo<Value>(array: Buffer, type: string): Promise<Value[]> {
  const { rows } = await open.database.system('inthub_ingest', (tx) =>
    sql<{
      value: Value;
    }>`SELECT value FROM unnest(${array}::${sql.raw(type)}[]) WITH ORDINALITY AS given (value, n) ORDER BY n`.execute(
      tx.db,
    ),
  );
  return rows.map(({ value }) => value);
}

describe('an array in binary form', () => {
  it('arrives as it was sent, whatever it holds', async () => {
    const ids = [createId<string>(), '00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff'];
    expect(await echo(binaryArrays.uuids(ids), 'uuid')).toEqual(ids);
    const times = ['1970-01-01T00:00:00.000Z', '1999-12-31T23:59:59.999Z', '2026-11-21T10:00:00.001Z'];
    const dates = times.map((time) => new Date(time));
    expect(await echo(binaryArrays.times(dates), 'timestamptz')).toEqual(dates);
    const texts = ['', null, '{"a",NULL}', 'ü 日本 🎉', 'x'.repeat(100_000)];
    expect(await echo(binaryArrays.texts(texts), 'text')).toEqual(texts);
    const integers = [0, -1, 2_147_483_647, -2_147_483_648];
    expect(await echo(binaryArrays.integers(integers), 'integer')).toEqual(integers);
    const values = [[['name', 'value']], { a: null }, 'ü'];
    expect(await echo(binaryArrays.json(values.map((value) => JSON.stringify(value))), 'json')).toEqual(values);
    const pieces = [Buffer.alloc(0), Buffer.from([0, 255, 10]), Buffer.alloc(20_000, 7)];
    expect(await echo(binaryArrays.bytes(pieces), 'bytea')).toEqual(pieces);
  });

  it('may be empty', async () => {
    expect(await echo(binaryArrays.texts([]), 'text')).toEqual([]);
  });

  it('takes nothing for an id that is none', () => {
    for (const id of ['', 'x', '0123', `${createId<string>()}0`.slice(0, 35), 'g'.repeat(32)])
      expect(() => binaryArrays.uuids([id])).toThrow(TypeError);
  });
});
