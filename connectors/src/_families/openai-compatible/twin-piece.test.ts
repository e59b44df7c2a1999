import fc from 'fast-check';
import { expect, it } from 'vitest';
import { twinReaderOf } from './twin-piece.ts';

const piece = (content: string, more: object = {}) =>
  JSON.stringify({ id: 'c', choices: [{ index: 0, delta: { content, ...more }, finish_reason: null }], usage: null });
const text = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom('"', '\\', '\\"', '"delta":{"content":"', '\n', '\u2028'),
);

it('reads of a twin what a whole parser reads', () => {
  fc.assert(
    fc.property(text, text, (first, second) => {
      expect(twinReaderOf(piece(first), first)?.(piece(second))).toBe(second);
    }),
  );
});

it('tells nothing of a piece that differs in more than its text', () => {
  const read = twinReaderOf(piece('a'), 'a');
  for (const other of [
    piece('b', { tool_calls: [] }),
    piece('b').replace('"finish_reason":null', '"finish_reason":"stop"'),
    piece('b').replace('"id":"c"', '"id":"d"'),
    `${piece('b')} `,
    piece('b').slice(0, -1),
    // Closes the text, and goes on as if it belonged there.
    piece('a').replace('"a"', '"b"},"finish_reason":"stop","x":{"y":"z"'),
    piece('b').replace('"b"', '"\\x"'),
    '',
  ]) {
    expect(read?.(other), other).toBeUndefined();
  }
});

it('is not made where the place of the text could be another', () => {
  const nested = JSON.stringify({ delta: { content: 'a' } });
  expect(twinReaderOf(piece('a').replace('"usage":null', `"x":${nested}`), 'a')).toBeUndefined();
  expect(twinReaderOf('{"choices":[{"delta": {"content": "a"}}]}', 'a')).toBeUndefined();
  expect(twinReaderOf(piece('a'), 'b')).toBeUndefined();
});
