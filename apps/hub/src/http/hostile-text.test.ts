import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findHostileText } from './hostile-text.ts';

const nested = (levels: number): unknown => (levels === 0 ? 'x' : { a: nested(levels - 1) });

describe('findHostileText', () => {
  it.each([
    ['a NUL in a value', { a: ['b', { 'c/d~': 'x\u0000' }] }, '/a/1/c~1d~0', 'NUL'],
    ['a NUL in a key', { a: { 'b\u0000': 1 } }, '/a', 'NUL'],
    ['a lone surrogate', ['\ud800'], '/0', 'surrogate'],
    ['a lone surrogate in a key', { '\udc00': 1 }, '/', 'surrogate'],
    ['a text that is the whole body', 'x\u0000', '/', 'NUL'],
    ['depth', nested(65), `/${Array.from({ length: 64 }, () => 'a').join('/')}`, 'nested deeper than 64'],
    ['depth without end', JSON.parse('['.repeat(50_000) + ']'.repeat(50_000)), '/0', 'nested deeper than 64'],
  ])('finds %s and says where', (_what, body, path, words) => {
    const fault = findHostileText(body);

    expect(fault).toMatchObject({ code: 'invalid_request' });
    expect(fault?.errors[0]?.path.startsWith(path)).toBe(true);
    expect(fault?.errors[0]?.message).toContain(words);
  });

  it('passes what a database can hold', () => {
    expect(findHostileText(nested(64))).toBeUndefined();
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
        const text = JSON.stringify(value);
        fc.pre(!text.includes('\\u'));
        expect(findHostileText(value)).toBeUndefined();
      }),
    );
  });
});
