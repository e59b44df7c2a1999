/** Honest counts from Vitest's JSON report. */

export interface VitestReport {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}

export interface RunFacts {
  /** Absent when Vitest ended before it could write one. */
  readonly report: VitestReport | undefined;
  /** Did Vitest itself end with 0? */
  readonly vitestOk: boolean;
  /** Errors that belong to no test: an unhandled rejection, most likely. */
  readonly strayErrors: number;
  readonly preparationFailures: number;
}

export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** Vitest failed outside of any test. Counted as one failure. */
  readonly strayErrors: boolean;
}

export const failedFiles = (report: VitestReport): string[] =>
  report.testResults.filter(({ status }) => status === 'failed').map(({ name }) => name);

/**
 * The run with what a second try of its failed files showed. A file that the second try lacks stays as the first left it, and
 * so does an error outside of any test.
 */
export function withSecondTry(first: RunFacts, second: Omit<RunFacts, 'preparationFailures'>): RunFacts {
  if (!first.report || !second.report) return first;
  const tried = new Map(second.report.testResults.map((file) => [file.name, file]));
  return {
    ...first,
    report: { testResults: first.report.testResults.map((file) => tried.get(file.name) ?? file) },
    vitestOk: second.vitestOk,
    strayErrors: first.strayErrors + second.strayErrors,
  };
}

/** A file that failed without a failing test (it did not load, or a hook threw) counts as one failure. */
export function tally({ report, vitestOk, strayErrors, preparationFailures }: RunFacts): Counts {
  const files = report?.testResults ?? [];
  const tests = files.flatMap(({ assertionResults }) => assertionResults);
  const passed = tests.filter(({ status }) => status === 'passed').length;
  const failedTests = tests.filter(({ status }) => status === 'failed').length;
  const filesThatFailed = files.filter(
    ({ status, assertionResults }) => status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
  ).length;
  const outsideOfTests = strayErrors > 0 || (!vitestOk && failedTests + filesThatFailed === 0);
  return {
    passed,
    failed: failedTests + filesThatFailed + preparationFailures + (outsideOfTests ? 1 : 0),
    skipped: tests.length - passed - failedTests,
    strayErrors: outsideOfTests,
  };
}

export function skippedNames(report: VitestReport): string[] {
  return report.testResults.flatMap(({ name, assertionResults }) =>
    assertionResults
      .filter(({ status }) => status !== 'passed' && status !== 'failed')
      .map(({ fullName }) => `${name}: ${fullName}`),
  );
}

export function isGreen({ passed, failed, skipped }: Counts, { inCi }: { inCi: boolean }): boolean {
  return failed === 0 && passed > 0 && !(inCi && skipped > 0);
}

export function countsLine({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}
