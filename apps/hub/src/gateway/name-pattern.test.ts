import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fitsNamePattern, parseNamePattern } from './name-pattern.ts';

const fits = (pattern: string, name: string) => fitsNamePattern(parseNamePattern(pattern), name);

describe('name patterns', () => {
  it.each([
    ['team/app', 'team/app', true],
    ['team/app', 'team/apps', false],
    ['team/app', 'Team/App', false],
    ['team/*', 'team/app', true],
    ['team/*', 'team/sub/app', false],
    ['team/*', 'team/', false],
    ['team/*', 'teams/app', false],
    ['team/**', 'team/sub/app', true],
    ['team/**', 'team/', false],
    ['*/app', 'team/app', true],
    ['*/app', '/app', false],
    ['te*m/a*', 'teaam/app', true],
    ['**/app', 'a/b/app', true],
    ['a.b', 'axb', false],
    ['*', 'ops', true],
    ['*', 'ops/x', false],
    ['', '', true],
  ])('%s fits %s: %s', (pattern, name, expected) => {
    expect(fits(pattern, name)).toBe(expected);
  });

  it('are what the same regular expression says', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '/', '.'), maxLength: 12 });
    const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '/', '.', '*'), maxLength: 8 });
    fc.assert(
      fc.property(pattern, text, (wanted, name) => {
        const source = wanted
          .split(/(\*\*|\*)/)
          .map((part) => (part === '**' ? '.+' : part === '*' ? '[^/]+' : part.replaceAll('.', '\\.')))
          .join('');
        expect(fits(wanted, name)).toBe(new RegExp(`^${source}$`).test(name));
      }),
      { numRuns: 2_000 },
    );
  });

  it('take no time even where a regular expression would not end', () => {
    expect(fits(`${'a*'.repeat(200)}b`, 'a'.repeat(1_000))).toBe(false);
  });
});
