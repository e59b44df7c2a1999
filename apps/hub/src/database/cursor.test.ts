import { HubError } from '@inthub/contracts';
import fc from 'fast-check';
import Type from 'typebox';
import { describe, expect, it } from 'vitest';
import { cursorKind, decodeCursor, encodeCursor } from './cursor.ts';

const Values = Type.Tuple([Type.String({ maxLength: 200 }), Type.String({ format: 'uuid' })]);
const values = fc.tuple(
  fc.string({ unit: 'grapheme', maxLength: 40 }).filter((text) => !text.includes('\0') && text.isWellFormed()),
  fc.uuid(),
);
const kind = cursorKind('integrations', { status: 'active' });

function refusal(run: () => unknown): HubError {
  try {
    run();
  } catch (error) {
    if (error instanceof HubError) return error;
    throw error;
  }
  expect.unreachable('the cursor was accepted');
}

/** A cursor as somebody would forge it who knows the format. */
function forge(payload: string, forKind = kind): string {
  const genuine = Buffer.from(encodeCursor(forKind, [payload]), 'base64url');
  expect(genuine.subarray(8).toString()).toBe(JSON.stringify([payload]));
  return genuine.toString('base64url');
}

describe('cursor', () => {
  it('gives back the values that went in', () => {
    fc.assert(
      fc.property(values, (given) => {
        expect(decodeCursor(kind, encodeCursor(kind, given), Values)).toEqual(given);
      }),
    );
  });

  it('uses characters that need no escaping in a URL', () => {
    fc.assert(fc.property(values, (given) => /^[A-Za-z0-9_-]+$/.test(encodeCursor(kind, given))));
  });

  it('refuses a text in which any one character was changed, removed or added', () => {
    const character = fc.constantFrom(...'ABCXYZabcxyz019_-+/= \u0000é');
    const edit = fc.constantFrom('replace', 'remove', 'insert');

    fc.assert(
      fc.property(values, fc.nat(), character, edit, (given, position, replacement, how) => {
        const genuine = encodeCursor(kind, given);
        const at = position % genuine.length;
        const tampered =
          genuine.slice(0, at) + (how === 'remove' ? '' : replacement) + genuine.slice(how === 'insert' ? at : at + 1);
        fc.pre(tampered !== genuine);

        expect(refusal(() => decodeCursor(kind, tampered, Values)).code).toBe('invalid_cursor');
      }),
    );
  });

  it('refuses any text that it did not make', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.base64String(), fc.json()), (text) => {
        expect(refusal(() => decodeCursor(kind, text, Values)).code).toBe('invalid_cursor');
      }),
    );
  });

  it('refuses a cursor of another list, another filter or another schema, and names the field', () => {
    const genuine = encodeCursor(kind, ['a', '0199b4ab-0000-7000-8000-000000000000']);

    const elsewhere = [
      () => decodeCursor(cursorKind('api-keys', { status: 'active' }), genuine, Values),
      () => decodeCursor(cursorKind('integrations', { status: 'paused' }), genuine, Values),
      () => decodeCursor(kind, genuine, Type.Tuple([Type.String()])),
    ];

    for (const decode of elsewhere) {
      expect(refusal(decode)).toMatchObject({ code: 'invalid_cursor', errors: [{ path: '/cursor' }] });
    }
  });

  it('refuses what PostgreSQL could not take, even when forged with a right digest', () => {
    const One = Type.Tuple([Type.String()]);

    expect(decodeCursor(kind, forge('fine'), One)).toEqual(['fine']);
    expect(refusal(() => decodeCursor(kind, forge('a\u0000b'), One)).code).toBe('invalid_cursor');
    expect(refusal(() => decodeCursor(kind, forge('\ud800'), One)).code).toBe('invalid_cursor');
  });

  it('refuses an oversized text, and never makes one', () => {
    expect(refusal(() => decodeCursor(kind, 'A'.repeat(2049), Values)).code).toBe('invalid_cursor');
    expect(refusal(() => encodeCursor(kind, ['x'.repeat(2000)])).code).toBe('internal');
  });

  it('names the same filter alike whatever the order of its fields, and leaves absent ones out', () => {
    expect(cursorKind('x', { a: 1, b: 2 })).toBe(cursorKind('x', { b: 2, c: undefined, a: 1 }));
    expect(cursorKind('x', { a: 1 })).not.toBe(cursorKind('x', { a: '1' }));
  });
});
