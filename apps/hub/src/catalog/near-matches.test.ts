import { describe, expect, it } from 'vitest';
import { nearMatches, suggest } from './near-matches.ts';

const types = ['registry.oci', 'registry.harbor', 'registry.dockerhub', 'scm.github', 'ci.github_actions'];

describe('near matches', () => {
  it.each([
    ['registry.habor', ['registry.harbor']],
    ['Registry.OCI', ['registry.oci']],
    ['github', ['scm.github']],
    ['harbor', ['registry.harbor']],
    ['quantum-flux', []],
    ['', []],
  ])('%j → %j', (text, near) => {
    expect(nearMatches(text, types)).toEqual(near);
  });

  it('names what is near, or all that there is', () => {
    expect(suggest('registry.habor', types)).toBe('did you mean registry.harbor?');
    expect(suggest('quantum-flux', types)).toBe(`known: ${types.toSorted().join(', ')}`);
    expect(suggest('x', [])).toBe('none is known');
  });
});
