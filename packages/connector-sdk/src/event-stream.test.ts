import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseEventStream, parseLines, type ServerSentEvent } from './index.ts';

async function* pieces(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield chunk;
}
const events = async (...chunks: readonly (string | Uint8Array)[]): Promise<ServerSentEvent[]> =>
  (await Array.fromAsync(parseEventStream(pieces(chunks.map((chunk) => Buffer.from(chunk)))))).flat();
const lines = async (...chunks: readonly Uint8Array[]): Promise<string[]> =>
  (await Array.fromAsync(parseLines(pieces(chunks)))).flat();

describe('parseEventStream', () => {
  it.each<readonly [string, string, readonly ServerSentEvent[]]>([
    ['data', 'data: a\n\n', [{ event: 'message', data: 'a' }]],
    ['several lines of data', 'data: a\ndata:b\ndata\n\n', [{ event: 'message', data: 'a\nb\n' }]],
    ['one space only is taken away', 'data:  a\n\n', [{ event: 'message', data: ' a' }]],
    ['a name', 'event: ping\ndata: {}\n\n', [{ event: 'ping', data: '{}' }]],
    ['a name does not outlive its event', 'event: x\n\ndata: a\n\n', [{ event: 'message', data: 'a' }]],
    [
      'comments, ids and what is unknown',
      ': hi\nid: 1\nretry: 5\nfoo: bar\ndata: a\n\n',
      [{ event: 'message', data: 'a' }],
    ],
    [
      'any line end',
      'data: a\r\rdata: b\r\n\r\ndata: c\n\n',
      ['a', 'b', 'c'].map((data) => ({ event: 'message', data })),
    ],
    ['a byte order mark', '\uFEFFdata: a\n\n', [{ event: 'message', data: 'a' }]],
    ['what the end cuts off', 'data: a\n\ndata: b\n', [{ event: 'message', data: 'a' }]],
    ['nothing', '', []],
  ])('%s', async (_name, text, expected) => {
    expect(await events(text)).toEqual(expected);
  });

  it('gives the same events wherever the body is cut, even into single bytes', async () => {
    const line = fc.string({ unit: 'grapheme', maxLength: 12 }).map((text) => text.replaceAll(/[\r\n]/g, ''));
    const end = fc.constantFrom('\n', '\r', '\r\n');
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.array(line, { minLength: 1, maxLength: 3 }), end), { maxLength: 6 }),
        fc.infiniteStream(fc.nat({ max: 7 })),
        async (wanted, cuts) => {
          const body = Buffer.from(
            wanted.map(([data, eol]) => `${data.map((text) => `data: ${text}${eol}`).join('')}${eol}`).join(''),
          );
          const chunks: Uint8Array[] = [];
          for (let at = 0; at < body.length; ) {
            const length = Number(cuts.next().value);
            chunks.push(body.subarray(at, at + length));
            at += length;
          }

          expect(await events(...chunks)).toEqual(
            wanted.map(([data]) => ({ event: 'message', data: data.join('\n') })),
          );
        },
      ),
    );
  });

  it('hands on what is complete before the next piece is asked for', async () => {
    let asked = 0;
    async function* slow() {
      for (const text of ['data: a\n', '\ndata: b\n\ndata: c\n\n', 'data: d']) {
        asked += 1;
        yield Buffer.from(text);
      }
    }
    const stream = parseEventStream(slow());

    expect((await stream.next()).value).toEqual([
      { event: 'message', data: 'a' },
      { event: 'message', data: 'b' },
      { event: 'message', data: 'c' },
    ]);
    await turn();
    expect(asked).toBe(2);
    expect((await stream.next()).done).toBe(true);
  });

  it('ends the body when its reader leaves', async () => {
    let closed = false;
    async function* endless() {
      try {
        for (;;) yield Buffer.from('data: a\n\n');
      } finally {
        closed = true;
      }
    }
    for await (const batch of parseEventStream(endless())) {
      expect(batch).toHaveLength(1);
      break;
    }

    expect(closed).toBe(true);
  });

  it.each([
    ['a line without end', 'x'.repeat(50)],
    ['an event of many lines', 'data: 0123456789\n'.repeat(20)],
  ])('refuses %s', async (_name, text) => {
    const stream = parseEventStream(pieces([...text].map((char) => Buffer.from(char))), { maxLength: 40 });

    await expect(Array.fromAsync(stream)).rejects.toMatchObject({ code: 'provider_response_too_large' });
  });

  it('looks at each byte once, however small the pieces are', async () => {
    const long = 'a'.repeat(200_000);
    const bytes = Array.from(Buffer.from(`data: ${long}\n\n`), (byte) => Uint8Array.of(byte));

    expect((await Array.fromAsync(parseEventStream(pieces(bytes)))).flat()).toEqual([{ event: 'message', data: long }]);
  });
});

describe('parseLines', () => {
  it('gives the same lines wherever the body is cut; the last needs no line feed', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.jsonValue(), { maxLength: 6 }),
        fc.boolean(),
        fc.nat({ max: 5 }),
        async (values, ended, size) => {
          const body = Buffer.from(values.map((value) => JSON.stringify(value)).join('\n') + (ended ? '\n' : ''));
          const chunks = Array.from({ length: Math.ceil(body.length / (size + 1)) }, (_, at) =>
            body.subarray(at * (size + 1), (at + 1) * (size + 1)),
          );

          expect(await lines(...chunks)).toEqual(values.map((value) => JSON.stringify(value)));
        },
      ),
    );
  });

  it('keeps the carriage return of CRLF out of JSON’s way and leaves empty lines out', async () => {
    expect((await lines(Buffer.from('{"a":1}\r\n\r\n{"b":2}'))).map((line) => JSON.parse(line) as unknown)).toEqual([
      { a: 1 },
      { b: 2 },
    ]);
  });
});
