import type { SourceRule } from './rule.ts';
import { isTest } from './rule.ts';

const maxLines = 300;
const maxTestLines = 400;

export const sizeAndNameRules: readonly SourceRule[] = [
  {
    name: 'max-lines',
    wayOut: 'Split it by meaning, one idea a file.',
    appliesTo: (path) => !/generated|\/gen\/|fixtures/.test(path),
    check(file, report) {
      const limit = isTest(file.path) ? maxTestLines : maxLines;
      const count = file.text.endsWith('\n') ? file.lines.length - 1 : file.lines.length;
      if (count > limit) report(1, `${count} lines, more than ${limit}.`);
    },
  },
  {
    name: 'telling-name',
    wayOut: 'Name the file after what it does or holds.',
    appliesTo: (path) => /^(?:packages|connectors|apps|tools|bench)\//.test(path),
    check(file, report) {
      const vague = /(?:^|[/.-])(utils?|helpers?|common|shared|misc|manager)(?=[/.-])/.exec(file.path);
      if (vague) report(1, `"${vague[1]}" says nothing about what is inside.`);
    },
  },
  {
    name: 'no-inner-index',
    wayOut: 'Import the file itself; a room is entered by <room>/<room>.ts.',
    appliesTo: (path) => path.endsWith('/index.ts') || path.endsWith('/index.tsx'),
    check(file, report) {
      const atRoot = /^packages\/[^/]+\/src\/(?:testing\/)?index[.]ts$/.test(file.path);
      const generated = /generated|\/gen\//.test(file.path);
      if (!atRoot && !generated) report(1, 'index.ts is for the root of a package.');
    },
  },
];
