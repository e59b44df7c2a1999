import { writeFileSync } from 'node:fs';
import type { Reporter } from 'vitest/node';

/** Vitest's JSON report leaves out errors that belong to no test; this writes their number to the file STRAY_ERRORS_FILE. */
export default class StrayErrorsReporter implements Reporter {
  onTestRunEnd(_modules: unknown, strayErrors: readonly unknown[]): void {
    const path = process.env.STRAY_ERRORS_FILE;
    if (path) writeFileSync(path, String(strayErrors.length));
  }
}
