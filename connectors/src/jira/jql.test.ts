import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { quote, textClause, within } from './jql.ts';

describe('JQL', () => {
  it('quotes whatever a value holds', () => {
    expect(quote('a "b" \\ c\nd')).toBe('"a \\"b\\" \\\\ c d"');
    fc.assert(
      fc.property(fc.string({ maxLength: 60 }), (value) => {
        const quoted = quote(value);
        // Nothing ends the quotes before the end.
        expect(quoted).toMatch(/^"(?:[^"\\\n\r]|\\["\\])*"$/);
      }),
    );
  });

  it('searches for words only', () => {
    expect(textClause('Disk FULL AND "x"')).toBe('text ~ "disk full and x"');
    expect(textClause('"()*?~-')).toBeUndefined();
    expect(textClause("Größe 日本 it's")).toBe('text ~ "größe 日本 it\'s"');
  });

  it.each([
    ['status = Done', 'project = "P" AND (status = Done)'],
    ['status = Done order  by created', 'project = "P" AND (status = Done) order  by created'],
    ['ORDER BY created DESC', 'project = "P" ORDER BY created DESC'],
    [
      'summary ~ "order by" AND (a = 1 OR b in (2, 3))',
      'project = "P" AND (summary ~ "order by" AND (a = 1 OR b in (2, 3)))',
    ],
    ['summary ~ "a \\" ) b"', 'project = "P" AND (summary ~ "a \\" ) b")'],
    ['border = by', 'project = "P" AND (border = by)'],
  ])('narrows %s to a project', (query, narrowed) => {
    expect(within('P', query)).toBe(narrowed);
  });

  it.each(['a = 1) OR (b = 2', '(a = 1', 'a = "x', "a = 'x", 'a = 1\\', 'a = 1\\ ', '()\\ order by a', ')(', '"a\\"'])(
    'refuses %s, which is not whole',
    (query) => {
      expect(() => within('P', query)).toThrow(expect.objectContaining({ code: 'invalid_request' }));
    },
  );

  it('never lets a query out of its parentheses', () => {
    const piece = fc.constantFrom('(', ')', '"', "'", '\\', ' or ', ' order by ', 'a = 1', ' ');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (parts) => {
        let narrowed: string;
        try {
          narrowed = within('P', parts.join(''));
        } catch {
          return;
        }
        // Without what is quoted, every parenthesis that is closed was opened after the project's.
        const bare = narrowed.replaceAll(/\\./gs, '').replaceAll(/"[^"]*"|'[^']*'/g, '');
        let depth = 0;
        for (const sign of bare.slice(0, bare.lastIndexOf(')') + 1)) {
          if (sign === '(') depth += 1;
          if (sign === ')') depth -= 1;
          expect(depth).toBeGreaterThanOrEqual(0);
        }
        expect(depth).toBe(0);
      }),
    );
  });
});
