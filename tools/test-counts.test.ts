import { describe, expect, it } from 'vitest';
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

const file = (status: string, ...tests: string[]): VitestReport['testResults'][number] => ({
  name: 'a.test.ts',
  status,
  assertionResults: tests.map((result, index) => ({ status: result, fullName: `case ${index}` })),
});

const facts = (files: VitestReport['testResults'], change: Partial<RunFacts> = {}): RunFacts => ({
  report: { testResults: files },
  vitestOk: true,
  strayErrors: 0,
  preparationFailures: 0,
  ...change,
});

describe('test counts', () => {
  it('are those of the report', () => {
    const counts = tally(
      facts([file('passed', 'passed', 'passed'), file('failed', 'passed', 'failed')], { vitestOk: false }),
    );

    expect(countsLine(counts)).toBe('3 passed, 1 failed');
    expect(isGreen(counts, { inCi: false })).toBe(false);
  });

  it('count a file that did not load as failed', () => {
    expect(countsLine(tally(facts([file('passed', 'passed'), file('failed')])))).toBe('1 passed, 1 failed');
  });

  it('count a file whose hook threw as failed, though its tests only say skipped', () => {
    expect(countsLine(tally(facts([file('failed', 'skipped', 'passed')])))).toBe('1 passed, 1 failed, 1 skipped');
  });

  it('count an unhandled error as a failure', () => {
    const counts = tally(facts([file('passed', 'passed')], { vitestOk: false, strayErrors: 1 }));

    expect(counts.strayErrors).toBe(true);
    expect(countsLine(counts)).toBe('1 passed, 1 failed');
  });

  it('count a failed build and a missing report', () => {
    expect(countsLine(tally(facts([file('passed', 'passed')], { preparationFailures: 2 })))).toBe('1 passed, 2 failed');
    expect(countsLine(tally(facts([], { report: undefined, vitestOk: false, strayErrors: 0 })))).toBe(
      '0 passed, 1 failed',
    );
  });

  it('are not green when nothing ran, even if nothing failed', () => {
    const counts = tally(facts([]));

    expect(countsLine(counts)).toBe('0 passed, 0 failed');
    expect(isGreen(counts, { inCi: false })).toBe(false);
  });

  it('accept a skipped test outside of CI only, and name it', () => {
    const run = facts([file('passed', 'passed', 'pending', 'todo', 'skipped')]);
    const counts = tally(run);

    expect(countsLine(counts)).toBe('1 passed, 0 failed, 3 skipped');
    expect([isGreen(counts, { inCi: false }), isGreen(counts, { inCi: true })]).toEqual([true, false]);
    expect(skippedNames(run.report as VitestReport)).toEqual([
      'a.test.ts: case 1',
      'a.test.ts: case 2',
      'a.test.ts: case 3',
    ]);
  });

  it('of a second try replace those of the files that failed, and of no other', () => {
    const named = (name: string, status: string, ...tests: string[]) => ({ ...file(status, ...tests), name });
    const first = facts(
      [named('a', 'passed', 'passed'), named('b', 'failed', 'passed', 'failed'), named('c', 'failed')],
      { vitestOk: false },
    );
    const second = {
      report: { testResults: [named('b', 'passed', 'passed', 'passed')] },
      vitestOk: true,
      strayErrors: 0,
    };

    expect(failedFiles(first.report as VitestReport)).toEqual(['b', 'c']);
    expect(countsLine(tally(withSecondTry(first, second)))).toBe('3 passed, 1 failed');
    expect(withSecondTry(first, { report: undefined, vitestOk: false, strayErrors: 0 })).toBe(first);
    const stillWrong = {
      report: { testResults: [named('b', 'passed'), named('c', 'passed')] },
      vitestOk: false,
      strayErrors: 0,
    };
    expect(countsLine(tally(withSecondTry({ ...first, strayErrors: 1 }, second)))).toBe('3 passed, 2 failed');
    expect(tally(withSecondTry(first, stillWrong))).toMatchObject({ failed: 1, strayErrors: true });
  });
});
