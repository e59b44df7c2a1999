import { dirname, join } from 'node:path/posix';
import type { SourceRule } from './rule.ts';
import { specifierOf } from './source-file.ts';

/** The folder of the package that a path belongs to; tools and bench count as one each. */
function packageOf(path: string): string {
  const [first = '', second = ''] = path.split('/');
  return first === 'packages' || first === 'apps' ? `${first}/${second}` : first;
}

/** The reasons stand beside the same exceptions in .dependency-cruiser.cjs. */
const crossesOnPurpose = new Set(['tools/install-test-peers.ts', 'tools/generate-openapi.ts']);

export const importRules: readonly SourceRule[] = [
  {
    name: 'no-relative-across-packages',
    wayOut: 'Import the other package by its name.',
    appliesTo: (path) => path.includes('/') && !crossesOnPurpose.has(path),
    check(file, report) {
      file.walk((node) => {
        const specifier = specifierOf(node);
        if (!specifier?.startsWith('.')) return;
        const target = join(dirname(file.path), specifier);
        if (packageOf(target) !== packageOf(file.path)) report(node, `'${specifier}' leaves ${packageOf(file.path)}.`);
      });
    },
  },
  {
    name: 'import-with-extension',
    wayOut: "Write the source file's own extension: './name.ts'.",
    appliesTo: () => true,
    check(file, report) {
      file.walk((node) => {
        const specifier = specifierOf(node);
        if (specifier?.startsWith('.') && /[.]jsx?$|\/[^.]+$/.test(specifier)) {
          report(node, `'${specifier}' does not name a source file.`);
        }
      });
    },
  },
  {
    // The wall checker does not see these, so between our own files they would be a way around.
    name: 'no-import-type-expression',
    wayOut: "Write `import type { X } from '…'` at the top.",
    appliesTo: (path) => !/[.]d[.]ts$/.test(path),
    check(file, report) {
      file.walk((node) => {
        const specifier = node.type === 'TsImportType' ? specifierOf(node) : undefined;
        if (specifier && /^[.]|^@inthub\//.test(specifier)) report(node, `import('${specifier}') inside a type.`);
      });
    },
  },
];
