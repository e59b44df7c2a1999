import { expect, it } from 'vitest';
import { nearMatches } from './near-matches.ts';

const known = ['repository.list', 'tag.list', 'tag.resolve', 'manifest.get', 'digest.verify'];

it.each([
  ['tag.lst', ['tag.list', 'tag.resolve']],
  ['TAG.LIST', ['tag.list', 'tag.resolve', 'repository.list']],
  ['manifest.fetch', ['manifest.get']],
  ['manifst.get', ['manifest.get']],
  ['', []],
  ['weather.forecast', []],
])('%j', (wanted, expected) => {
  expect(nearMatches(wanted, known)).toEqual(expected);
});
