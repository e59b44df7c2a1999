/**
 * `npm test [-- vitest arguments]`: real servers for the peer tests, a build for the tests that start the hub, Vitest;
 * the last line says how many passed and failed. A run without tests fails, and so does a skipped test in CI.
 */
import './require-node.mjs';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { repositoryRoot, runStep, tsx } from './run-step.ts';
import {
  countsLine,
  failedFiles,
  isGreen,
  type RunFacts,
  skippedNames,
  tally,
  type VitestReport,
  withSecondTry,
} from './test-counts.ts';

const inCi = process.env.CI === 'true';
const reportPath = resolve(repositoryRoot, '.cache/vitest-report.json');
const secondReportPath = resolve(repositoryRoot, '.cache/vitest-second-report.json');
const strayErrorsPath = resolve(repositoryRoot, '.cache/vitest-stray-errors');
/** More files than this failing is no accident of a busy machine. */
const mostFilesTriedAgain = 5;
const peersScript = 'tools/install-test-peers.ts';

/** Runs a step whose failure counts as one failed test: what depends on it could not be shown to work. */
async function prepare(name: string, command: readonly string[]): Promise<number> {
  const { ok } = await runStep(command, { show: true });
  if (!ok) console.error(`${name} failed; it counts as one failure.`);
  return ok ? 0 : 1;
}

/** Runs Vitest; without a report it ended before it could write one. */
async function runVitest(path: string, rest: readonly string[]): Promise<Omit<RunFacts, 'preparationFailures'>> {
  rmSync(path, { force: true });
  rmSync(strayErrorsPath, { force: true });
  const reporters = ['default', 'json', './tools/stray-errors-reporter.ts'].map((name) => `--reporter=${name}`);
  const { ok } = await runStep(['vitest', 'run', ...reporters, `--outputFile.json=${path}`, ...rest], {
    show: true,
    environment: { STRAY_ERRORS_FILE: strayErrorsPath },
  });
  const strayErrors = existsSync(strayErrorsPath) ? Number(readFileSync(strayErrorsPath, 'utf8')) : 0;
  const report = existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as VitestReport) : undefined;
  if (!report) console.error('Vitest left no report; that counts as one failure.');
  return { report, vitestOk: ok, strayErrors };
}

let preparationFailures = 0;
if (existsSync(resolve(repositoryRoot, peersScript))) {
  preparationFailures += await prepare('installing the test servers', tsx(peersScript));
}
preparationFailures += await prepare('the build', ['tsc', '-b']);

mkdirSync(resolve(repositoryRoot, '.cache'), { recursive: true });
const first = await runVitest(reportPath, process.argv.slice(2));
let facts: RunFacts = { ...first, preparationFailures };

// Real servers on a busy machine: CI runs the files that failed once more, whole, alone and one after the other.
const again = first.report ? failedFiles(first.report) : [];
if (inCi && again.length > 0 && again.length <= mostFilesTriedAgain) {
  console.error(`Tried once more, each file as a whole:\n${again.map((name) => `  ${name}`).join('\n')}`);
  const second = await runVitest(secondReportPath, ['--no-file-parallelism', ...again]);
  facts = withSecondTry(facts, second);
}

const { report } = facts;
const counts = tally(facts);
if (report && inCi && counts.skipped > 0) {
  console.error(
    `Skipped, which CI does not accept:\n${skippedNames(report)
      .map((name) => `  ${name}`)
      .join('\n')}`,
  );
}
if (counts.strayErrors) console.error('Vitest failed outside of any test (see above); that counts as one failure.');
console.log(countsLine(counts));
process.exitCode = isGreen(counts, { inCi }) ? 0 : 1;
