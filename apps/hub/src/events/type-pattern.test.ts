import { HubError } from '@inthub/contracts';
import { describe, expect, it } from 'vitest';
import { matchesType, parseTypePattern } from './type-pattern.ts';

describe('type pattern', () => {
  it.each([
    ['*', 'github.pr.opened', true],
    ['integration.created', 'integration.created', true],
    ['integration.created', 'integration.created_again', false],
    ['integration.*', 'integration.created', true],
    ['integration.*', 'integration.health.changed', true],
    ['integration.*', 'integrations.created', false],
    ['github.pr.*', 'github.pr', false],
    ['github.pr.*', 'github.issue.opened', false],
  ])('%s and %s: %s', (pattern, type, matches) => {
    expect(matchesType(parseTypePattern(pattern), type)).toBe(matches);
  });

  it.each([
    '',
    '**',
    '*.created',
    'integration.*.x',
    'integration.',
    'Integration.*',
    'a b',
    "x'; --",
    'a%',
    `a.${'b'.repeat(200)}`,
  ])('refuses %j and shows the three forms', (text) => {
    expect(() => parseTypePattern(text)).toThrowError(HubError);
    expect(() => parseTypePattern(text)).toThrowError(/integration\.\*/);
  });
});
