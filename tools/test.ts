/**
 * `npm test [-- vitest arguments]`: real servers for the peer tests, a build for the tests that start the hub, Vitest;
 * the last line says how many passed and failed. A run without tests fails, and so does a skipped test in CI.
 */
import './require-node.mjs';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { repositoryRoot, runStep, tsx } from './run-step.ts';
import { countsLine, isGreen, type RunFacts, skippedNames, tally, type VitestReport } from './test-counts.ts';

const reportPath = resolve(repositoryRoot, '.cache/vitest-report.json');
const peersScript = 'tools/install-test-peers.ts';

/** Runs a step whose failure counts as one failed test: what depends on it could not be shown to work. */
async function prepare(name: string, command: readonly string[]): Promise<number> {
  const { ok } = await runStep(command, { show: true });
  if (!ok) console.error(`${name} failed; it counts as one failure.`);
  return ok ? 0 : 1;
}

function readReport(): VitestReport | undefined {
  if (!existsSync(reportPath)) return undefined;
  return JSON.parse(readFileSync(reportPath, 'utf8')) as VitestReport;
}

let preparationFailures = 0;
if (existsSync(resolve(repositoryRoot, peersScript))) {
  preparationFailures += await prepare('installing the test servers', tsx(peersScript));
}
preparationFailures += await prepare('the build', ['tsc', '-b']);

mkdirSync(resolve(repositoryRoot, '.cache'), { recursive: true });
rmSync(reportPath, { force: true });
const vitest = await runStep(
  [
    'vitest',
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${reportPath}`,
    // Real servers on a busy machine: CI tries a failed test once more, and the report marks it as retried.
    ...(process.env.CI === 'true' ? ['--retry=1'] : []),
    ...process.argv.slice(2),
  ],
  { show: true },
);

const report = readReport();
if (!report) console.error('Vitest left no report; that counts as one failure.');
const facts: RunFacts = { report, vitestOk: vitest.ok, preparationFailures };
const counts = tally(facts);
const inCi = process.env.CI === 'true';

if (report && inCi && counts.skipped > 0) {
  console.error(
    `Skipped, which CI does not accept:\n${skippedNames(report)
      .map((name) => `  ${name}`)
      .join('\n')}`,
  );
}
if (counts.unexplained) console.error('Vitest failed outside of any test (see above); that counts as one failure.');
console.log(countsLine(counts));
process.exitCode = isGreen(counts, { inCi }) ? 0 : 1;
