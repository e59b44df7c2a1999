/**
 * `npm run check [-- path]`: everything that must hold before a commit, one line a step.
 * With a path: the steps that can look at a part look at that part only. With --no-tests: without the tests (CI runs
 * all of them afterwards).
 */
import './require-node.mjs';
import { relative, resolve, sep } from 'node:path';
import { repositoryRoot, runStep, type StepResult, tsx } from './run-step.ts';

interface Step {
  readonly name: string;
  readonly command: readonly string[];
  /** Needs the whole tree, so it is left out when a path is given. */
  readonly whole?: boolean;
}

/** The TypeScript project that a path belongs to. */
function projectOf(path: string): string {
  const [first = '', second = ''] = path.split(sep);
  if (first === 'connectors') return first;
  return (first === 'packages' || first === 'apps') && second
    ? `${first}/${second}/tsconfig.tests.json`
    : 'tsconfig.tools.json';
}

function stepsFor(path: string | undefined, withTests: boolean): Step[] {
  const types = path ? [projectOf(path)] : ['tsconfig.json', 'tsconfig.tests.json', 'tsconfig.tools.json'];
  const steps: Step[] = [
    { name: 'types', command: ['tsc', '-b', ...types] },
    { name: 'lint', command: ['biome', 'check', '--error-on-warnings', '--max-diagnostics=50', path ?? '.'] },
    { name: 'walls', command: ['depcruise', '--config', '.dependency-cruiser.cjs', path ?? '.'] },
    { name: 'unused', command: ['knip', '--no-progress'], whole: true },
    { name: 'rules', command: tsx('tools/source-rules.ts', path ?? '.') },
    { name: 'generated', command: tsx('tools/generate.ts', '--check'), whole: true },
  ];
  if (withTests) {
    const filter = path ? [path] : [];
    steps.push({ name: 'tests', command: ['vitest', 'run', '--exclude', '**/*.peer.test.ts', ...filter] });
  }
  return path ? steps.filter(({ whole }) => !whole) : steps;
}

const given = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const path = given[0] && (relative(repositoryRoot, resolve(given[0])) || undefined);
const failed: { step: Step; result: StepResult }[] = [];

for (const step of stepsFor(path, !process.argv.includes('--no-tests'))) {
  const result = await runStep(step.command);
  console.log(`${step.name.padEnd(10)} ${result.ok ? 'ok    ' : 'FAILED'} ${result.seconds.toFixed(1).padStart(6)} s`);
  if (!result.ok) failed.push({ step, result });
}

for (const { step, result } of failed) {
  console.log(`\n── ${step.name}: ${step.command.join(' ')}\n${result.output.trimEnd()}`);
}
if (failed.length > 0) {
  console.log(
    `\nfailed: ${failed.map(({ step }) => step.name).join(', ')}. Formatting and simple findings: npm run fix`,
  );
  process.exitCode = 1;
}
