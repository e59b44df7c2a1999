import fc from 'fast-check';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { binaryArray } from './binary-array.ts';
import { type OpenTestDatabase, openTestDatabase } from './testing.ts';

let opened: OpenTestDatabase;
let client: pg.Client;

beforeAll(async () => {
  opened = await openTestDatabase();
  client = new pg.Client({ connectionString: opened.url });
  await client.connect();
});
afterAll(async () => {
  await client?.end();
  await opened?.close();
});

const int = (bits: number) => fc.integer({ min: -(2 ** (bits - 1)), max: 2 ** (bits - 1) - 1 });
const text = fc.string({ unit: fc.constantFrom('a', 'é', '😀', '"', '\\', '{', '}', ',', '\n', 'NULL') });
const forms = [
  ['uuid', binaryArray.uuid, fc.uuid()],
  ['text', binaryArray.text, text],
  ['json', binaryArray.json, fc.jsonValue().map((value) => JSON.stringify(value))],
  ['bytea', binaryArray.bytea, fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes))],
  ['int2', binaryArray.smallint, int(16)],
  ['int4', binaryArray.int, int(32)],
  ['float8', binaryArray.double, fc.double({ noNaN: true })],
  [
    'timestamptz',
    binaryArray.timestamptz,
    fc.date({ min: new Date(0), max: new Date('2999-01-01'), noInvalidDate: true }),
  ],
] as const;

describe.each(forms)('an array of %s', (type, encode, value) => {
  it('says the same as its text form', async () => {
    const array = fc.array(fc.option(value as fc.Arbitrary<unknown>), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(array, async (values) => {
        const { rows } = await client.query(`SELECT $1::${type}[]::text AS binary, $2::${type}[]::text AS text`, [
          (encode as (values: readonly unknown[]) => Buffer)(values),
          values,
        ]);
        expect(rows[0].binary).toBe(rows[0].text);
      }),
      { numRuns: 50 },
    );
  });
});

it('takes nothing for an id that is none', () => {
  for (const id of ['', 'x', '0123', '01890000-0000-7000-8000-00000000000', 'g'.repeat(32)])
    expect(() => binaryArray.uuid([id])).toThrow(TypeError);
});
