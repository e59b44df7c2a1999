/** `npm run new:connector -- <id> --category <category> [--root <folder>]` */
import './require-node.mjs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ScaffoldError, scaffoldConnector, typePrefixes } from './connector-scaffold.ts';
import { repositoryRoot, runStep } from './run-step.ts';

const usage = `npm run new:connector -- <id> --category <category>\ncategories: ${Object.keys(typePrefixes).join(', ')}`;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { category: { type: 'string' }, root: { type: 'string', default: repositoryRoot } },
  });
  const [id, ...more] = positionals;
  if (!id || more.length > 0 || !values.category) {
    console.error(usage);
    return 2;
  }
  const root = resolve(values.root);
  const files = scaffoldConnector({ root, id, category: values.category });
  const formatted = await runStep([
    'biome',
    'check',
    '--write',
    '--vcs-enabled=false',
    ...files.map((file) => resolve(root, file)),
  ]);
  if (!formatted.ok) console.error(formatted.output);
  console.log(`${files.map((file) => `  ${file}`).join('\n')}\n`);
  console.log(`It works as it stands: npm test -- connectors/src/${id}`);
  console.log('Now make it yours, from manifest.ts on: see "Add a connector" in CONTRIBUTING.md.');
  return formatted.ok ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  const expected = error instanceof ScaffoldError || (error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS');
  if (!expected) throw error;
  console.error(`${(error as Error).message}\n\n${usage}`);
  process.exitCode = 2;
}
