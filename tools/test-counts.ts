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
  readonly preparationFailures: number;
}

export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** Vitest failed though no test and no file did: an unhandled error, most likely. Counted as one failure. */
  readonly unexplained: boolean;
}

/** A file that failed without a failing test (it did not load, or a hook threw) counts as one failure. */
export function tally({ report, vitestOk, preparationFailures }: RunFacts): Counts {
  const files = report?.testResults ?? [];
  const tests = files.flatMap(({ assertionResults }) => assertionResults);
  const passed = tests.filter(({ status }) => status === 'passed').length;
  const failedTests = tests.filter(({ status }) => status === 'failed').length;
  const failedFiles = files.filter(
    ({ status, assertionResults }) => status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
  ).length;
  const unexplained = !vitestOk && failedTests + failedFiles === 0;
  return {
    passed,
    failed: failedTests + failedFiles + preparationFailures + (unexplained ? 1 : 0),
    skipped: tests.length - passed - failedTests,
    unexplained,
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
