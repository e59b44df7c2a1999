import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectors } from '@inthub/connectors';
import { describe, expect, it } from 'vitest';
import { connectorPages, proofsIn } from './connector-pages.ts';
import { repositoryRoot } from './run-step.ts';

const documented = connectors.map((definition) => ({
  definition,
  readme: readFileSync(join(repositoryRoot, 'connectors/src', definition.manifest.id, 'README.md'), 'utf8'),
}));
const pages = connectorPages(documented);

describe('the pages of the connectors', () => {
  it.each(connectors)('show $manifest.id in the index, and each of its actions on the page of its category', (one) => {
    const { id, types } = one.manifest;
    expect(pages.get('README.md')).toContain(`connectors/src/${id}/README.md`);
    for (const type of types) {
      const page = pages.get(`${type.category.replaceAll('_', '-')}.md`) ?? '';
      expect(page).toContain(`\`${type.id}\``);
      for (const action of type.actions ?? []) expect(page).toContain(`\`${action}\``);
    }
    const all = [...pages.values()].join('\n');
    for (const action of one.actions.keys()) expect(all).toContain(`\`${action}\``);
  });

  it.each(documented)('find in the README of $definition.manifest.id what each action is proven by', (one) => {
    const proven = proofsIn(one.readme);
    const silent = [...one.definition.actions.keys()].filter((action) => (proven.get(action)?.length ?? 0) === 0);
    expect(silent, 'without real, emulator, vendor description or stub in the column "proven by"').toEqual([]);
  });

  it('are the same whenever they are made', () => {
    expect([...connectorPages(documented)]).toEqual([...pages]);
  });

  it('tell a missing action from one that is proven', () => {
    const row = (action: string) =>
      pages
        .get('registry.md')
        ?.split('\n')
        .find((line) => line.includes(`\`${action}\` |`));
    const head = row('repository.list')?.split('|').length;
    expect(row('scan.get')).toMatch(/\| – \|/);
    expect(row('scan.get')?.split('|').length).toBe(head);
    expect(row('tag.resolve')).toMatch(/\| real \|/);
  });
});

describe('what a README says an action is proven by', () => {
  it('is the known words of the column, strongest first, wherever the column stands', () => {
    const found = proofsIn(
      [
        '| action | proven by | what it does |',
        '|---|---|---|',
        '| `a.b` | stub (the rest), real (one part) | `x\\|y` |',
        '| `a.c` | a bystander | really nothing |',
        '',
        '| scope | why |',
        '|---|---|',
        '| `repo` | real |',
      ].join('\n'),
    );
    expect([...found]).toEqual([
      ['a.b', ['real', 'stub']],
      ['a.c', []],
    ]);
  });

  it('is nothing where the table has no such column', () => {
    expect(proofsIn('| action | what it does |\n|---|---|\n| `a.b` | is real |').size).toBe(0);
  });
});
