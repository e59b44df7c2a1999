import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { escapeText, fit, markerOf } from './markdown.ts';

describe('fit', () => {
  it('never gives more than the product takes, keeps the mark, and splits no character', () => {
    const text = fc.string({ unit: fc.constantFrom('a', '\n', '🦊', '```\n', 'ż'), maxLength: 400 });
    fc.assert(
      fc.property(text, fc.integer({ min: 120, max: 300 }), (body, max) => {
        const { text: fitted, isTruncated } = fit(body, max, markerOf('k'));

        expect(fitted.length).toBeLessThanOrEqual(max);
        expect(fitted.endsWith(markerOf('k'))).toBe(true);
        expect(fitted.isWellFormed()).toBe(body.isWellFormed());
        expect(isTruncated).toBe(!fitted.startsWith(body));
        if (isTruncated) expect(fitted).toContain('_Cut');
      }),
    );
  });

  it('leaves short text alone', () => {
    expect(fit('x', 100)).toEqual({ text: 'x', isTruncated: false });
  });
});

describe('the mark of a key', () => {
  it('is its own, and no comment of HTML ends within it', () => {
    const key = fc.string({ unit: fc.constantFrom('a', '-', ' '), minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(key, key, (one, other) => {
        expect(markerOf(one) === markerOf(other)).toBe(one === other);
        expect(markerOf(one).slice(4, -3)).not.toContain('--');
      }),
    );
  });
});

describe('escapeText', () => {
  it('leaves no mention, no link, no HTML and no quick action of GitLab', () => {
    expect(escapeText('/close @team <b> [a](b)\n/merge')).toBe('\\/close @\u200bteam \\<b\\> \\[a\\]\\(b\\) /merge');
    fc.assert(fc.property(fc.string(), (text) => !/^\s*\//m.test(escapeText(text))));
  });
});
