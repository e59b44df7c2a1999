import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Finding, findingSeverities, HubError } from '@inthub/contracts';
import { Ajv } from 'ajv';
import Draft04 from 'ajv-draft-04';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildPayload } from './build-payload.ts';
import { findingsOfSarif, isAtLeast, levelOf, sortFindings } from './findings.ts';

const log = {
  $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
  version: '2.1.0',
  runs: [
    {
      tool: {
        driver: {
          name: 'Scanner',
          rules: [
            {
              id: 'CVE-1',
              shortDescription: { text: 'Bad library' },
              helpUri: 'https://example.com/CVE-1',
              properties: { 'security-severity': '9.8' },
            },
            { id: 'style', defaultConfiguration: { level: 'note' } },
          ],
        },
      },
      results: [
        {
          ruleId: 'style',
          ruleIndex: 1,
          message: { text: 'Two spaces' },
          locations: [
            { physicalLocation: { artifactLocation: { uri: './src/a%20b.ts' }, region: { startLine: 7, endLine: 5 } } },
          ],
        },
        {
          rule: { index: 0 },
          message: { text: 'lib 1.0 is bad' },
          locations: [{ physicalLocation: { artifactLocation: { uri: 'package.json' } } }],
        },
        {
          ruleId: 'x',
          level: 'error',
          message: { text: 'no place' },
          locations: [{ physicalLocation: { artifactLocation: { uri: 'file:///etc/passwd' } } }],
        },
        { ruleId: 'x', kind: 'pass', message: { text: 'all well' } },
        { ruleId: 'x', message: { text: 'known' }, suppressions: [{ kind: 'external' }] },
      ],
    },
  ],
};

describe('SARIF', () => {
  it('gives findings with severity, place and help; passed and suppressed results are none', () => {
    expect(sortFindings(findingsOfSarif(log))).toEqual([
      {
        ruleId: 'CVE-1',
        title: 'Bad library',
        message: 'lib 1.0 is bad',
        severity: 'critical',
        path: 'package.json',
        helpUrl: 'https://example.com/CVE-1',
      },
      { ruleId: 'x', message: 'no place', severity: 'high' },
      { ruleId: 'style', message: 'Two spaces', severity: 'low', path: 'src/a b.ts', startLine: 7, endLine: 7 },
    ]);
  });

  const schemaFile = join(
    process.env['VENDOR_APIS_DIR'] ?? join(import.meta.dirname, '../../../../../shared/vendor-apis'),
    'sarif/sarif-schema-2.1.0.json',
  );
  it.skipIf(!existsSync(schemaFile))("is read from logs that OASIS' own schema accepts", () => {
    const schema = JSON.parse(readFileSync(schemaFile, 'utf8')) as { $schema: string };
    const AjvClass = (schema.$schema.includes('draft-04') ? (Draft04.default ?? Draft04) : Ajv) as typeof Ajv;
    const check = new AjvClass({ strict: false, logger: false, validateFormats: false }).compile(schema);

    expect(check(log), JSON.stringify(check.errors)).toBe(true);
    expect(check({ ...log, runs: [{}] })).toBe(false);
  });

  it.each([
    [null, '/sarif'],
    [{}, '/sarif'],
    [{ version: '2.0.0', runs: [] }, '/sarif/version'],
    [{ version: '2.1.0', runs: [{ tool: {}, results: [] }] }, '/sarif/runs/0'],
    [
      { version: '2.1.0', runs: [{ tool: { driver: { name: 'x' } }, results: [{ message: 'x' }] }] },
      '/sarif/runs/0/results/0',
    ],
  ])('is refused when it is something else: %j', (sarif, path) => {
    try {
      findingsOfSarif(sarif);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(HubError);
      expect((error as HubError).errors[0]?.path).toContain(path);
    }
  });

  it('may hold as many findings as any request, however they are spread over runs', () => {
    const run = (count: number, more: object = {}) => ({
      tool: { driver: { name: 'x' } },
      results: Array.from({ length: count }, () => ({ message: { text: 'm' }, ...more })),
    });
    const of = (...runs: object[]) => findingsOfSarif({ version: '2.1.0', runs });

    expect(of(run(2_500), run(2_500), run(6_000, { kind: 'pass' }))).toHaveLength(5_000);
    expect(() => of(run(2_500), run(2_501))).toThrow(/\/sarif\/runs hold 5001 findings; 5000 at most/);
  });

  it('never names a place outside of the repository', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('a', '.', '/', '%2e', '%2f', ':', '\0', '\\') }), (uri) => {
        const [finding] = findingsOfSarif({
          version: '2.1.0',
          runs: [
            {
              tool: { driver: { name: 'x' } },
              results: [{ message: { text: 'm' }, locations: [{ physicalLocation: { artifactLocation: { uri } } }] }],
            },
          ],
        });
        const path = finding?.path ?? 'inside';
        expect(path.startsWith('/')).toBe(false);
        expect(path.split('/')).not.toContain('..');
        expect(path).not.toContain('\0');
      }),
    );
  });
});

describe('the payload of findings', () => {
  const target = {
    owner: 'o',
    repository: 'r',
    commitSha: 'a'.repeat(40),
    pullRequestNumber: 3,
    name: 'security/scan',
  };
  const findings = (severities: readonly Finding['severity'][]): Finding[] =>
    severities.map((severity, at) => ({
      ruleId: `r${at}`,
      message: `m${at}`,
      severity,
      path: 'a.ts',
      startLine: at + 1,
    }));

  it('fails exactly when a finding is as bad as asked, and counts all', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...findingSeverities), { maxLength: 80 }),
        fc.constantFrom(...findingSeverities, 'never' as const),
        (severities, failOn) => {
          const { status, checkRun, comment, bySeverity } = buildPayload({ ...target, failOn }, findings(severities));

          const fails = failOn !== 'never' && severities.some((severity) => isAtLeast(severity, failOn));
          expect(status.state).toBe(fails ? 'failure' : 'success');
          expect(checkRun.conclusion).toBe(fails ? 'failure' : severities.length > 0 ? 'neutral' : 'success');
          expect(Object.values(bySeverity).reduce((sum, count) => sum + count, 0)).toBe(severities.length);
          expect(checkRun.annotations).toHaveLength(severities.length);
          expect(comment?.key).toBe('security/scan');
        },
      ),
    );
  });

  it('puts the worst first, maps severities to levels, and lets no scanner write markdown of its own', () => {
    const hostile: Finding = {
      ruleId: 'r`|x',
      message: '@team look | <img src=x> [a](javascript:b) \n\n# heading',
      severity: 'info',
      path: 'b|`.ts',
    };
    const { comment, checkRun } = buildPayload(target, [hostile, ...findings(['medium', 'critical'])]);

    expect(checkRun.annotations?.map(({ level }) => level)).toEqual(['failure', 'warning', 'notice']);
    expect(Object.values(levelOf)).toEqual(['failure', 'failure', 'warning', 'notice', 'notice']);
    const row = comment?.body.split('\n').find((line) => line.includes('look'));
    expect(row?.match(/(?<!\\)\|/g)).toHaveLength(5);
    expect(row).not.toContain('@team');
    expect(row).not.toMatch(/(?<!\\)<img/);
    expect(row).not.toMatch(/(?<!\\)\]\(javascript/);
    expect(buildPayload({ ...target, pullRequestNumber: undefined } as never, []).comment).toBeNull();
  });
});
