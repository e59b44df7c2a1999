import { storableJson } from '@inthub/contracts';
import canonicalize from 'canonicalize';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { canonicalJson } from './canonical-json.ts';

const oddKeys = fc.constantFrom(
  '__proto__',
  'constructor',
  '',
  '10',
  '9',
  '09',
  '-1',
  'a',
  'A',
  'é',
  '€',
  '😀',
  '\ufb33',
);
const plainData = fc.object({
  key: fc.oneof(oddKeys, fc.string(), fc.string({ unit: 'binary' })),
  values: [fc.string({ unit: 'binary' }), fc.double(), fc.integer(), fc.boolean(), fc.constant(null)],
  maxDepth: 4,
});

it('is what RFC 8785 says, whatever the keys and their order', () => {
  fc.assert(
    fc.property(plainData, (value) => {
      const json = storableJson(value) as object;

      expect(canonicalJson(json)).toBe(canonicalize(json));
    }),
    { numRuns: 1_000 },
  );
});

it('sorts by UTF-16 code units at every level and leaves arrays in their order', () => {
  expect(canonicalJson({ b: [{ y: 1, x: 2 }, 3], a: { '\ufb33': 1, '😀': 2 } })).toBe(
    '{"a":{"😀":2,"\ufb33":1},"b":[{"x":2,"y":1},3]}',
  );
});

it('never holds a line break, so that several make lines of one text', () => {
  fc.assert(fc.property(plainData, (value) => !/[\n\r]/.test(canonicalJson(storableJson(value) as object))));
});
