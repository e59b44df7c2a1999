import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { oneLine, printable, toJsonText } from './printable.ts';
import { createPaint } from './style.ts';
import { renderFields, renderTable } from './table.ts';

const plain = createPaint(false);
// Every kind of character, with those that matter more often.
const text = fc.string({
  unit: fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('\u001b', '\u009b', '\n', '\u202e', '\u0000')),
});
const acting = /(?!\n|\t)[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u;

describe('text from outside', () => {
  it('never acts on a terminal', () => {
    fc.assert(
      fc.property(text, (given) => {
        expect(printable(given)).not.toMatch(acting);
        expect(oneLine(given)).not.toMatch(/[\n\t]/);
        expect(toJsonText({ given })).not.toMatch(acting);
      }),
    );
  });

  it('stays the same value as JSON, and the same text when there is nothing odd', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.parse(toJsonText(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
    expect(printable('Grüße, 世界 👋\n\tok')).toBe('Grüße, 世界 👋\n\tok');
  });
});

describe('renderTable', () => {
  const words = fc.string({ unit: fc.constantFrom('a', 'b', ' '), maxLength: 60 });
  const rows = fc.array(fc.array(words, { minLength: 3, maxLength: 3 }), { maxLength: 5 });

  it('keeps within the terminal, and loses no letter by that', () => {
    fc.assert(
      fc.property(rows, fc.integer({ min: 40, max: 120 }), (cells, columns) => {
        const table = renderTable(['one', 'two', 'three'], cells, { columns, paint: plain });

        expect(Math.max(...table.split('\n').map((line) => line.length))).toBeLessThanOrEqual(columns);
        const letters = (some: string) => some.replaceAll(/[^ab]/g, '').length;
        expect(letters(table)).toBe(letters(cells.flat().join('')));
      }),
    );
  });

  it('cuts nothing and has one line a row where there is no terminal', () => {
    fc.assert(
      fc.property(rows, (cells) => {
        const table = renderTable(['one', 'two', 'three'], cells, { columns: undefined, paint: plain });

        expect(table.split('\n')).toHaveLength(cells.length + 1);
      }),
    );
  });

  it('shows a dash for nothing, and breaks of lines as spaces', () => {
    expect(
      renderTable(
        ['a', 'b'],
        [
          [null, 'x\n  y'],
          ['', 0],
        ],
        { columns: undefined, paint: plain },
      ),
    ).toBe('A  B\n–  x y\n–  0');
  });
});

describe('renderFields', () => {
  it('leaves out what is not there', () => {
    const fields = [
      ['a', 'x'],
      ['long', undefined],
      ['bb', null],
    ] as const;

    expect(renderFields(fields, { columns: undefined, paint: plain })).toBe('a   x\nbb  –');
    expect(renderFields([], { columns: undefined, paint: plain })).toBe('');
  });
});
