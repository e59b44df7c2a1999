import { type DoctorCheckType, doctorCheckTypes, type ErrorCode, HubError } from '@inthub/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DoctorCheck, Finding } from './finding.ts';
import { overallStatus } from './overall-status.ts';
import { type RunChecksOptions, runChecks } from './run-checks.ts';
import { createTestEvidence } from './testing.ts';

const needs: Record<DoctorCheckType, readonly DoctorCheckType[]> = {
  connectivity: [],
  tls: ['connectivity'],
  authentication: ['connectivity', 'tls'],
  authorization: ['authentication'],
  version: ['authentication'],
  rate_limit: ['connectivity', 'tls'],
  latency: ['authentication'],
};
const pass: Finding = { status: 'pass', message: 'Fine.' };

function setUp(findings: Partial<Record<DoctorCheckType, Finding | Error>>, options: Partial<RunChecksOptions> = {}) {
  const ran: string[] = [];
  const logged: object[] = [];
  const log = { debug() {}, info() {}, warn() {}, error: (fields: object) => void logged.push(fields) };
  const evidence = createTestEvidence();
  const checks: DoctorCheck[] = doctorCheckTypes.map((type) => ({
    type,
    needs: needs[type],
    async run() {
      ran.push(type);
      const finding = findings[type] ?? pass;
      if (finding instanceof Error) throw finding;
      return finding;
    },
  }));
  const never = new AbortController().signal;
  const bounds = { caller: never, timeUp: never, timeLimitMs: 60_000 };
  const all = {
    checks,
    evidence,
    clock: evidence.clock,
    log,
    redact: (value: unknown) => value,
    ...bounds,
    ...options,
  };
  return { ran, logged, run: () => runChecks(all) };
}

describe('the checks of a run', () => {
  it('come one after the other, each with its envelope', async () => {
    const { run, ran } = setUp({});

    const runs = await run();

    expect(ran).toEqual([...doctorCheckTypes]);
    expect(runs[0]).toEqual({
      checkType: 'connectivity',
      status: 'pass',
      message: 'Fine.',
      details: {},
      suggestions: [],
      runAt: '2026-11-21T10:00:00.000Z',
      durationMs: 0,
      skipped: undefined,
    });
    expect(overallStatus(runs)).toBe('healthy');
  });

  it('are skipped when one that they need failed, and name the first cause', async () => {
    const { run, ran } = setUp({ connectivity: { status: 'fail', message: 'No.' } });

    const [, ...rest] = await run();

    expect(ran).toEqual(['connectivity']);
    for (const skipped of rest) {
      expect(skipped).toMatchObject({
        status: 'warn',
        message: 'Skipped because connectivity failed.',
        details: { skipped: true, because: 'connectivity failed' },
      });
    }
  });

  it('never run without what they need, and the verdict follows from the vital ones', async () => {
    const finding = fc.record({
      status: fc.constantFrom('pass', 'warn', 'fail'),
      message: fc.string(),
      skipped: fc.option(fc.constantFrom('not_applicable', 'offline', 'refused', 'time'), { nil: undefined }),
    }) as fc.Arbitrary<Finding>;
    const findings = fc.record(Object.fromEntries(doctorCheckTypes.map((type) => [type, finding])));

    await fc.assert(
      fc.asyncProperty(findings, async (given: Partial<Record<DoctorCheckType, Finding>>) => {
        const { run, ran } = setUp(given);
        const runs = await run();

        expect(runs.map(({ checkType }) => checkType)).toEqual([...doctorCheckTypes]);
        const blocked = (type: DoctorCheckType): boolean => {
          const { status, skipped } = given[type] ?? pass;
          const blocks = status === 'fail' || (skipped !== undefined && skipped !== 'not_applicable');
          return !ran.includes(type) || blocks;
        };
        for (const type of doctorCheckTypes) expect(ran.includes(type)).toBe(!needs[type].some(blocked));
        const vital = runs.some(
          ({ checkType, status }) => /^(connectivity|tls|authentication)$/.test(checkType) && status === 'fail',
        );
        const clean = runs.every(({ status, skipped }) => status === 'pass' || skipped === 'not_applicable');
        expect(overallStatus(runs)).toBe(vital ? 'unhealthy' : clean ? 'healthy' : 'degraded');
      }),
    );
  });

  it('go on after one that does not apply', async () => {
    const { run, ran } = setUp({ tls: { status: 'warn', message: 'http', skipped: 'not_applicable' } });

    expect(overallStatus(await run())).toBe('healthy');
    expect(ran).toHaveLength(doctorCheckTypes.length);
  });

  it.each<[ErrorCode, string, string | undefined]>([
    ['provider_unreachable', 'fail', undefined],
    ['egress_denied', 'fail', undefined],
    ['connector_unavailable', 'fail', undefined],
    ['offline', 'warn', 'offline'],
    ['rate_limited', 'warn', 'refused'],
    ['circuit_open', 'warn', 'refused'],
  ])('that throw %s are %s, with the next step', async (code, status, because) => {
    const { run } = setUp({ connectivity: new HubError(code, 'This is why.') });

    const [first, second] = await run();

    expect(first).toMatchObject({ status, message: expect.stringContaining('This is why.') });
    expect(first?.details['because']).toBe(because);
    expect(first?.suggestions).not.toHaveLength(0);
    expect(second?.details['skipped']).toBe(true);
  });

  it('that break are logged, and their reason stays in the log', async () => {
    const { run, logged } = setUp({ version: new TypeError('password=hunter2') });

    const runs = await run();

    expect(JSON.stringify(runs)).not.toContain('hunter2');
    expect(logged).toMatchObject([{ check: 'version' }]);
    expect(overallStatus(runs)).toBe('degraded');
  });

  it('lose what is secret, unfit for the database, or too much', async () => {
    const nasty = {
      status: 'warn',
      message: `a\u0000b canary ${'x'.repeat(5_000)}`,
      suggestions: Array(50).fill('canary'),
    } as const;
    const { run } = setUp(
      {
        connectivity: { ...nasty, details: { note: 'canary', lone: '\ud800' } },
        tls: { ...pass, details: { big: 'y'.repeat(9_000) } },
      },
      { redact: (value) => JSON.parse(JSON.stringify(value).replaceAll('canary', '[redacted]')) },
    );

    const [first, second] = await run();

    expect(JSON.stringify([first, second])).not.toContain('canary');
    expect(first?.message).toHaveLength(1_000);
    expect(first?.message.startsWith('ab [redacted]')).toBe(true);
    expect(first?.suggestions).toHaveLength(10);
    expect(first?.details['lone']).toBe('\ufffd');
    expect(second?.details).toEqual({ leftOut: expect.stringContaining('at most 8192') });
  });

  it('end when the caller goes away or the time is up', async () => {
    const gone = setUp({}, { caller: AbortSignal.abort() });
    const late = setUp({}, { timeUp: AbortSignal.abort() });

    await expect(gone.run()).rejects.toMatchObject({ code: 'cancelled' });
    expect((await late.run())[0]).toMatchObject({
      status: 'warn',
      message: 'Skipped: the 60 s of the doctor were over.',
    });
    expect([...gone.ran, ...late.ran]).toEqual([]);
  });
});
