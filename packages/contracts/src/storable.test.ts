import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isStorable, storableJson, storableText } from './storable.ts';

const hostileText = fc.string({ unit: fc.constantFrom('a', 'é', '😀', '\u0000', '\ud800', '\udc00', '"', '\\', '\n') });

describe('isStorable', () => {
  it.each([
    ['', true],
    ['ünï 😀', true],
    ['a\u0000', false],
    ['\ud800', false],
  ])('%j: %s', (text, expected) => {
    expect(isStorable(text)).toBe(expected);
  });
});

describe('storableText', () => {
  it('leaves good text as it is', () => {
    expect(storableText('ünï 😀 "x"\n')).toBe('ünï 😀 "x"\n');
  });

  it('makes any text storable, within the length asked for', () => {
    fc.assert(
      fc.property(hostileText, fc.integer({ min: 1, max: 20 }), (text, maxLength) => {
        const stored = storableText(text, maxLength);

        expect(isStorable(stored)).toBe(true);
        expect(stored.length).toBeLessThanOrEqual(maxLength);
      }),
    );
  });
});

describe('storableJson', () => {
  it('keeps plain JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
        fc.pre(!JSON.stringify(value).includes('\\u'));
        expect(JSON.stringify(storableJson(value))).toBe(JSON.stringify(value));
      }),
    );
  });

  it('never throws, and gives text that a database accepts, whatever it is given', () => {
    const anything = fc.anything({
      key: hostileText,
      values: [hostileText, fc.double(), fc.bigInt(), fc.constantFrom(undefined, Symbol('x'), () => 1, new Date(0))],
      maxDepth: 4,
      withBigInt: true,
      withDate: true,
      withMap: true,
      withNullPrototype: true,
      withSparseArray: true,
    });

    fc.assert(fc.property(anything, (value) => isStorable(JSON.stringify(storableJson(value)))));
  });

  it('writes down what JSON has no word for', () => {
    expect(
      storableJson({
        at: new Date(0),
        big: 12n,
        nan: Number.NaN,
        gone: undefined,
        list: [undefined, () => 1],
        nul: 'a\u0000b',
      }),
    ).toEqual({ at: '1970-01-01T00:00:00.000Z', big: '12', nan: null, list: [null, null], nul: 'ab' });
    expect(storableJson(undefined)).toBeNull();
    expect(
      storableJson({
        get toJSON() {
          return () => {
            throw new Error('no');
          };
        },
      }),
    ).toBe('[unreadable]');
  });

  it('cuts circles and bottomless values', () => {
    const circle: Record<string, unknown> = { a: 1 };
    circle['self'] = circle;
    let deep: unknown = 'end';
    for (let level = 0; level < 10_000; level++) deep = { deep };

    expect(storableJson(circle)).toEqual({ a: 1, self: '[circular]' });
    expect(JSON.stringify(storableJson(deep))).toContain('[too deep]');
  });

  it('treats a key named __proto__ as data', () => {
    const stored = storableJson(JSON.parse('{"__proto__":{"admin":true}}')) as Record<string, unknown>;

    expect(Object.hasOwn(stored, '__proto__')).toBe(true);
    expect(stored['admin']).toBeUndefined();
  });
});
