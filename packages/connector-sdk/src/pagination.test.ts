import type { Page } from '@inthub/contracts';
import fc from 'fast-check';
import Type from 'typebox';
import { describe, expect, it } from 'vitest';
import type { HttpResponse } from './http.ts';
import { decodeCursor, eachPage, encodeCursor, nextLink, numberedPages, repage, sameOrigin } from './pagination.ts';

const answer = (link: string | undefined, url = 'https://registry.example.com/v2/_catalog?n=2') =>
  ({ url, headers: { get: (name: string) => (name === 'link' ? link : undefined) } }) as unknown as HttpResponse;

describe('nextLink', () => {
  it('resolves a relative link against the answer', () => {
    expect(nextLink(answer('</v2/_catalog?last=b&n=2>; rel="next"'))?.href).toBe(
      'https://registry.example.com/v2/_catalog?last=b&n=2',
    );
  });

  it('is undefined without a header or without a next relation', () => {
    expect(nextLink(answer(undefined))).toBeUndefined();
    expect(nextLink(answer('</first>; rel="first"'))).toBeUndefined();
  });

  it.each([
    '<https://evil.example/v2/_catalog>; rel=next',
    '<//evil.example/x>; rel=next',
    '<http://registry.example.com/v2/_catalog>; rel=next',
    '<https://registry.example.com:8443/v2/_catalog>; rel=next',
    '<https://user@registry.example.com/v2/>; rel=next',
    '<https://registry.example.com@evil.example/>; rel=next',
    '<javascript:alert(1)>; rel=next',
    '<https://>; rel=next',
  ])('refuses %s', (link) => {
    expect(() => nextLink(answer(link))).toThrow(expect.objectContaining({ code: 'provider_bad_response' }));
  });
});

describe('sameOrigin', () => {
  it('never gives a URL of another origin', () => {
    const link = fc.oneof(fc.webUrl(), fc.webPath(), fc.stringMatching(/^[/\\@:.a-z?#]{0,20}$/));
    fc.assert(
      fc.property(link, (text) => {
        let url: URL;
        try {
          url = sameOrigin('https://registry.example.com/v2/', text);
        } catch (error) {
          expect(error).toMatchObject({ code: 'provider_bad_response' });
          return;
        }
        expect(url.origin).toBe('https://registry.example.com');
      }),
    );
  });
});

describe('cursors', () => {
  const Position = Type.Object({ last: Type.String() }, { additionalProperties: false });

  it('come back as they were', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), (last) => {
        expect(decodeCursor(Position, encodeCursor({ last }))).toEqual({ last });
      }),
    );
  });

  it.each(['', '!', 'e30', 'bnVsbA', Buffer.from('{"last":1}').toString('base64url'), 'A'.repeat(3000)])(
    'refuse %j',
    (cursor) => {
      expect(() => decodeCursor(Position, cursor)).toThrow(expect.objectContaining({ code: 'invalid_cursor' }));
    },
  );
});

describe('eachPage', () => {
  const collect = async (
    fetchPage: (cursor: string | undefined) => Promise<Page<number>>,
    maxPages?: number,
    signal?: AbortSignal,
  ) => {
    const found: number[] = [];
    const options = {
      fetch: fetchPage,
      ...(maxPages === undefined ? {} : { maxPages }),
      ...(signal === undefined ? {} : { signal }),
    };
    for await (const items of eachPage(options)) found.push(...items);
    return found;
  };

  it('goes to the last page', async () => {
    const pages: Record<string, Page<number>> = {
      '': { items: [1, 2], nextCursor: 'b' },
      b: { items: [], nextCursor: 'c' },
      c: { items: [3], nextCursor: null },
    };
    expect(await collect(async (cursor = '') => pages[cursor]!)).toEqual([1, 2, 3]);
  });

  it('stops a provider that goes round in circles', async () => {
    await expect(
      collect(async (cursor) => ({ items: [1], nextCursor: cursor === 'a' ? 'b' : 'a' })),
    ).rejects.toMatchObject({
      code: 'provider_bad_response',
    });
  });

  it('stops after maxPages and says so', async () => {
    let calls = 0;
    const endless = async () => {
      calls += 1;
      return { items: [calls], nextCursor: String(calls) };
    };
    await expect(collect(endless, 3)).rejects.toMatchObject({ code: 'provider_response_too_large' });
    expect(calls).toBe(3);
  });

  it('stops when the caller goes away', async () => {
    const controller = new AbortController();
    let calls = 0;
    const fetchPage = async () => {
      calls += 1;
      controller.abort();
      return { items: [calls], nextCursor: String(calls) };
    };
    await expect(collect(fetchPage, 10, controller.signal)).rejects.toThrow();
    expect(calls).toBe(1);
  });
});

describe('repage', () => {
  it('gives every item once and in order, whatever the two page sizes are', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(40),
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 9 }),
        async (total, theirs, limit) => {
          const all = Array.from({ length: total }, (_, index) => index);
          const fetchPage = async (page = '0'): Promise<Page<number>> => {
            const start = Number(page);
            return {
              items: all.slice(start, start + theirs),
              nextCursor: start + theirs < total ? String(start + theirs) : null,
            };
          };
          const found: number[] = [];
          let cursor: string | undefined;
          do {
            const page = await repage({ cursor, limit, fetch: fetchPage });
            expect(page.items.length).toBeLessThanOrEqual(limit);
            found.push(...page.items);
            cursor = page.nextCursor ?? undefined;
          } while (cursor !== undefined);

          expect(found).toEqual(all);
        },
      ),
    );
  });

  it('refuses a forged cursor', async () => {
    const options = {
      cursor: encodeCursor({ page: 1, offset: -1 }),
      limit: 5,
      fetch: async () => ({ items: [], nextCursor: null }),
    };
    await expect(repage(options)).rejects.toMatchObject({ code: 'invalid_cursor' });
  });

  it('notices a provider that hands out the same page again', async () => {
    const stuck = async () => ({ items: [1], nextCursor: 'a' });
    const first = await repage({ cursor: undefined, limit: 5, fetch: stuck });
    await expect(repage({ cursor: first.nextCursor!, limit: 5, fetch: stuck })).rejects.toMatchObject({
      code: 'provider_bad_response',
    });
  });
});

describe('numberedPages', () => {
  const all = Array.from({ length: 23 }, (_, index) => index);
  const product = async ({ number, size }: { number: number; size: number }) => ({
    items: all.slice((number - 1) * size, number * size),
    hasNext: number * size < all.length,
  });

  it('gives every item once, even if the caller changes the limit from page to page', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1 }), async (limits) => {
        const found: number[] = [];
        let cursor: string | undefined;
        let turn = 0;
        do {
          const limit = limits[turn % limits.length]!;
          turn += 1;
          const page = await numberedPages({ cursor, limit, maxPageSize: 10, fetch: product });
          expect(page.items.length).toBeLessThanOrEqual(limit);
          found.push(...page.items);
          cursor = page.nextCursor ?? undefined;
        } while (cursor !== undefined);

        expect(found).toEqual(all);
      }),
    );
  });

  it.each(['0x10', '1x0', '1x11', '-1x5', '1', 'x', '../../admin'])('refuses a cursor for page %s', async (page) => {
    const options = { cursor: encodeCursor({ page, offset: 0 }), limit: 5, maxPageSize: 10, fetch: product };
    await expect(numberedPages(options)).rejects.toMatchObject({ code: 'invalid_cursor' });
  });
});
