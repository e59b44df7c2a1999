import { HubError } from '@inthub/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileFilter } from './payload-filter.ts';

const data = {
  action: 'opened',
  number: 7,
  draft: false,
  label: null,
  pull_request: { base: { ref: 'main' }, labels: [{ name: 'bug' }] },
  'a/b~c': 'odd',
};

describe('payload filter', () => {
  it.each([
    [{ at: '/action', equals: 'opened' }, true],
    [{ at: '/action', equals: 'closed' }, false],
    [{ at: '/number', equals: '7' }, false],
    [{ at: '/label', equals: null }, true],
    [{ at: '/missing', equals: null }, false],
    [{ at: '/action', in: ['closed', 'opened'] }, true],
    [{ at: '/action', in: [] }, false],
    [{ at: '/label', exists: true }, true],
    [{ at: '/missing/deep', exists: false }, true],
    [{ at: '/pull_request/base/ref', prefix: 'ma' }, true],
    [{ at: '/number', prefix: '7' }, false],
    [{ at: '/pull_request/labels/0/name', equals: 'bug' }, true],
    [{ at: '/pull_request/labels/01/name', exists: true }, false],
    [{ at: '/number', gt: 6 }, true],
    [{ at: '/number', gte: 7 }, true],
    [{ at: '/number', lt: 7 }, false],
    [{ at: '/number', lte: 7 }, true],
    [{ at: '/action', gt: 0 }, false],
    [{ at: '/a~1b~0c', equals: 'odd' }, true],
    [{ at: '/constructor', exists: true }, false],
    [{ at: '/__proto__/toString', exists: true }, false],
    [{ not: { at: '/draft', equals: true } }, true],
    [
      {
        and: [
          { at: '/action', equals: 'opened' },
          {
            or: [
              { at: '/number', equals: 1 },
              { at: '/number', equals: 7 },
            ],
          },
        ],
      },
      true,
    ],
  ])('%j: %s', (filter, expected) => {
    expect(compileFilter(filter)(data)).toBe(expected);
  });

  const deep = (levels: number): unknown => (levels === 0 ? { at: '/a', exists: true } : { not: deep(levels - 1) });

  it.each([
    ['no object', 'x', '/filter'],
    ['nothing to compare', { at: '/a' }, '/filter'],
    ['two operators', { at: '/a', equals: 1, gt: 0 }, '/filter'],
    ['an unknown operator', { at: '/a', matches: '(a+)+$' }, '/filter'],
    ['a path that is no pointer', { at: 'action', equals: 1 }, '/filter/at'],
    ['a number that is none', { at: '/a', gt: '1' }, '/filter/gt'],
    ['an empty list', { and: [] }, '/filter/and'],
    ['two combinations', { and: [{ at: '/a', exists: true }], or: [] }, '/filter'],
    ['a fault inside', { or: [{ at: '/a', exists: 1 }] }, '/filter/or/0/exists'],
    ['too much depth', deep(6), '/filter/not/not/not/not/not/not'],
    ['too many conditions', { or: Array.from({ length: 64 }, () => ({ at: '/a', exists: true })) }, '/filter'],
  ])('refuses %s and says where', (_name, filter, path) => {
    const error = (() => {
      try {
        compileFilter(filter);
      } catch (thrown) {
        return thrown as HubError;
      }
      return undefined;
    })();

    expect(error).toBeInstanceOf(HubError);
    expect(error?.errors[0]).toMatchObject({ path, rule: 'filter' });
  });

  const test = fc.record({
    at: fc.constantFrom('/action', '/number', '/x'),
    equals: fc.constantFrom('opened', 7, null),
  });
  const tree = fc.letrec((tie) => ({
    node: fc.oneof(
      { maxDepth: 3 },
      test,
      fc.record({ not: tie('node') }),
      fc.record({ and: fc.array(tie('node'), { minLength: 1, maxLength: 3 }) }),
      fc.record({ or: fc.array(tie('node'), { minLength: 1, maxLength: 3 }) }),
    ),
  })).node;

  it('obeys the laws of logic, whatever the data', () => {
    fc.assert(
      fc.property(tree, tree, fc.jsonValue(), (a, b, value) => {
        const [left, right] = [compileFilter(a)(value), compileFilter(b)(value)];
        expect(compileFilter({ not: a })(value)).toBe(!left);
        expect(compileFilter({ and: [a, b] })(value)).toBe(left && right);
        expect(compileFilter({ or: [a, b] })(value)).toBe(left || right);
      }),
    );
  });

  it('answers or refuses, but never breaks', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (filter, value) => {
        try {
          expect(typeof compileFilter(filter)(value)).toBe('boolean');
        } catch (error) {
          expect(error).toBeInstanceOf(HubError);
        }
      }),
    );
  });
});
