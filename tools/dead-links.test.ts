import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { findDeadLinks } from './dead-links.ts';
import { repositoryRoot } from './run-step.ts';

let folder = '';
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(files: Readonly<Record<string, string>>): string {
  folder = mkdtempSync(join(tmpdir(), 'inthub-links-'));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

it('every relative link of the documentation leads somewhere', () => {
  const dead = findDeadLinks(repositoryRoot).map(({ file, line, target }) => `${file}:${line} ${target}`);
  expect(dead).toEqual([]);
});

it('names the file, line and target of a link to a missing file, heading or folder', () => {
  const root = write({
    'README.md': '# A\n\n[gone](docs/gone.md) and\n[there](docs/b.md#two-words)\n\n![icon](icon.svg)\n',
    'docs/b.md':
      '# B\n\n## Two words!\n\n| [up](../README.md#b) |\n|---|\n| [a folder](../src/) |\n\n[ref]: ./nothing\n',
  });
  expect(findDeadLinks(root)).toEqual([
    { file: 'README.md', line: 3, target: 'docs/gone.md' },
    { file: 'README.md', line: 6, target: 'icon.svg' },
    { file: 'docs/b.md', line: 5, target: '../README.md#b' },
    { file: 'docs/b.md', line: 7, target: '../src/' },
    { file: 'docs/b.md', line: 9, target: './nothing' },
  ]);
});

it('leaves alone other hosts, code, files with spaces, and headings that come twice', () => {
  const root = write({
    'README.md':
      '# A\n\n## Same\n\n## Same\n\n[out](https://example.com/x) [mail](mailto:a@example.com) [2](#same-1) `[code](gone)` [f](a%20b.ts#L3)\n\n```\n[code](gone)\n```\n',
    'a b.ts': '',
    'node_modules/x/README.md': '[gone](gone)',
  });
  expect(findDeadLinks(root)).toEqual([]);
});
