import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseLinkHeader } from './link-header.ts';

const read = (value: string) =>
  parseLinkHeader(value).map(({ target, rel, parameters }) => ({ target, rel, ...Object.fromEntries(parameters) }));

describe('parseLinkHeader', () => {
  it.each<[string, object[]]>([
    // RFC 8288 §3.5
    [
      '<http://example.com/TheBook/chapter2>; rel="previous"; title="previous chapter"',
      [{ target: 'http://example.com/TheBook/chapter2', rel: ['previous'], title: 'previous chapter' }],
    ],
    ['</>; rel="http://example.net/foo"', [{ target: '/', rel: ['http://example.net/foo'] }]],
    [
      '<http://example.org/>; rel="start http://example.net/relation/other"',
      [{ target: 'http://example.org/', rel: ['start', 'http://example.net/relation/other'] }],
    ],
    [
      '<https://example.org/>; rel="start", <https://example.org/index>; rel="index"',
      [
        { target: 'https://example.org/', rel: ['start'] },
        { target: 'https://example.org/index', rel: ['index'] },
      ],
    ],
    ['</v2/_catalog?last=a%2Cb&n=2>; rel=next', [{ target: '/v2/_catalog?last=a%2Cb&n=2', rel: ['next'] }]],
    ['</a,b;c>;rel=NEXT', [{ target: '/a,b;c', rel: ['next'] }]],
    ['</a>; rel="next"; rel="prev"', [{ target: '/a', rel: ['next'] }]],
    [
      '</a>; title="a \\"quoted\\", text; here" ;rel=next',
      [{ target: '/a', title: 'a "quoted", text; here', rel: ['next'] }],
    ],
    ['</a>', [{ target: '/a', rel: [] }]],
    ['</a>; crossorigin; rel=next', [{ target: '/a', crossorigin: '', rel: ['next'] }]],
    [', ,</a>;rel=next,', [{ target: '/a', rel: ['next'] }]],
    ['</a>;rel=next, nonsense', [{ target: '/a', rel: ['next'] }]],
    ['nonsense', []],
    ['<unclosed', []],
    ['', []],
  ])('reads %s', (value, expected) => {
    expect(read(value)).toEqual(expected);
  });

  it('ends and never throws, whatever the header holds', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[<>;,="\\ a\t]{0,80}$/), (value) => {
        expect(Array.isArray(parseLinkHeader(value))).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  it('gives back any list of links that was written by the rules', () => {
    const target = fc.stringMatching(/^\/[a-z0-9?=&%,;]{0,20}$/);
    const rel = fc.stringMatching(/^[a-z]{1,8}$/);
    fc.assert(
      fc.property(fc.array(fc.record({ target, rel, title: fc.string({ unit: 'grapheme-ascii' }) })), (links) => {
        const header = links
          .map((link) => `<${link.target}>; rel="${link.rel}"; title="${link.title.replaceAll(/["\\]/g, '\\$&')}"`)
          .join(', ');

        expect(read(header)).toEqual(links.map((link) => ({ ...link, rel: [link.rel] })));
      }),
    );
  });
});
