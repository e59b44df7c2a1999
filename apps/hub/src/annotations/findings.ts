/** Findings of scanners: their severities, and reading them out of SARIF 2.1.0. */
import {
  type AnnotationLevel,
  type Finding,
  type FindingSeverity,
  findingSeverities,
  HubError,
} from '@inthub/contracts';
import Type from 'typebox';
import { Check, Errors } from 'typebox/value';

/** Worst first; GitHub's three levels are the narrowest of the products. */
export const levelOf: Readonly<Record<FindingSeverity, AnnotationLevel>> = {
  critical: 'failure',
  high: 'failure',
  medium: 'warning',
  low: 'notice',
  info: 'notice',
};

export function isAtLeast(severity: FindingSeverity, bound: FindingSeverity): boolean {
  return findingSeverities.indexOf(severity) <= findingSeverities.indexOf(bound);
}

/** Worst first, then by place. */
export function sortFindings(findings: readonly Finding[]): Finding[] {
  const rank = (finding: Finding) => findingSeverities.indexOf(finding.severity);
  return [...findings].sort(
    (a, b) =>
      rank(a) - rank(b) ||
      compare(a.path ?? '', b.path ?? '') ||
      (a.startLine ?? 0) - (b.startLine ?? 0) ||
      compare(a.ruleId, b.ruleId),
  );
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

const optionalText = Type.Optional(Type.String());
const Message = Type.Object({ text: optionalText, markdown: optionalText, id: optionalText });
const Properties = Type.Optional(Type.Record(Type.String(), Type.Unknown()));
const Rule = Type.Object({
  id: Type.String(),
  name: optionalText,
  shortDescription: Type.Optional(Message),
  helpUri: optionalText,
  defaultConfiguration: Type.Optional(Type.Object({ level: optionalText })),
  properties: Properties,
});
const Location = Type.Object({
  physicalLocation: Type.Optional(
    Type.Object({
      artifactLocation: Type.Optional(Type.Object({ uri: optionalText, uriBaseId: optionalText })),
      region: Type.Optional(
        Type.Object({ startLine: Type.Optional(Type.Integer()), endLine: Type.Optional(Type.Integer()) }),
      ),
    }),
  ),
});
const Result = Type.Object({
  ruleId: optionalText,
  ruleIndex: Type.Optional(Type.Integer()),
  rule: Type.Optional(Type.Object({ id: optionalText, index: Type.Optional(Type.Integer()) })),
  level: optionalText,
  kind: optionalText,
  message: Message,
  locations: Type.Optional(Type.Array(Location)),
  suppressions: Type.Optional(Type.Array(Type.Unknown())),
  properties: Properties,
});
/** As many as a request with findings of its own may hold. */
const maxFindings = 5_000;
/** The part that is read; a run may hold 25,000 results, as at GitHub (docs.github.com, "SARIF results exceed hard limit"). Source: OASIS SARIF 2.1.0, §3.13 sarifLog, §3.14 run, §3.27 result, §3.49 reportingDescriptor. */
const Log = Type.Object({
  version: Type.Literal('2.1.0'),
  runs: Type.Array(
    Type.Object({
      tool: Type.Object({ driver: Type.Object({ name: Type.String(), rules: Type.Optional(Type.Array(Rule)) }) }),
      results: Type.Optional(Type.Union([Type.Array(Result, { maxItems: 25_000 }), Type.Null()])),
    }),
    { maxItems: 100 },
  ),
});

/**
 * The findings of a SARIF log; suppressed results, and those that say "pass", are none.
 * @throws HubError `invalid_request` naming the place that does not fit.
 */
export function findingsOfSarif(sarif: unknown): Finding[] {
  if (!Check(Log, sarif)) {
    const [first] = Errors(Log, sarif);
    const path = `/sarif${first?.instancePath ?? ''}`;
    const message = `is not SARIF 2.1.0: ${first?.message ?? 'it does not fit'}`;
    throw new HubError('invalid_request', `${path} ${message}`, { errors: [{ path, rule: 'sarif', message }] });
  }
  const found = sarif.runs.flatMap(({ tool, results }) =>
    (results ?? []).flatMap((result) => {
      const isFinding = (result.kind ?? 'fail') === 'fail' && (result.suppressions ?? []).length === 0;
      return isFinding ? [toFinding(result, tool.driver)] : [];
    }),
  );
  if (found.length <= maxFindings) return found;
  const message = `hold ${found.length} findings; ${maxFindings} at most are taken. Leave out the lesser ones, or publish run by run.`;
  throw new HubError('invalid_request', `/sarif/runs ${message}`, {
    errors: [{ path: '/sarif/runs', rule: 'maxItems', message }],
  });
}

function toFinding(
  result: Type.Static<typeof Result>,
  driver: { name: string; rules?: Type.Static<typeof Rule>[] },
): Finding {
  const index = result.ruleIndex ?? result.rule?.index ?? -1;
  const id = result.ruleId ?? result.rule?.id;
  const rule = driver.rules?.[index] ?? driver.rules?.find((one) => one.id === id);
  const place = result.locations?.[0]?.physicalLocation;
  const path = readPath(place?.artifactLocation?.uri);
  const startLine = readLine(place?.region?.startLine);
  const endLine = readLine(place?.region?.endLine);
  const title = rule?.shortDescription?.text ?? rule?.name;
  const helpUrl = rule?.helpUri;
  return {
    ruleId: (id ?? rule?.id ?? driver.name).slice(0, 255) || 'finding',
    message: (result.message.text ?? result.message.markdown ?? title ?? 'Finding').slice(0, 10_000) || 'Finding',
    severity: severityOf(result, rule),
    ...(title === undefined || title === '' ? {} : { title: title.slice(0, 255) }),
    ...(path === undefined ? {} : { path }),
    ...(path === undefined || startLine === undefined
      ? {}
      : { startLine, endLine: Math.max(startLine, endLine ?? startLine) }),
    ...(helpUrl !== undefined && /^https?:\/\/\S{1,2000}$/.test(helpUrl) ? { helpUrl } : {}),
  };
}

/**
 * `security-severity` is a CVSS score as text, by result or rule. Source: docs.github.com, "SARIF support for code scanning", property
 * `security-severity`: over 9.0 critical, 7.0 to 8.9 high, 4.0 to 6.9 medium, 0.1 to 3.9 low. Else by level (§3.27.10, default warning).
 */
function severityOf(result: Type.Static<typeof Result>, rule: Type.Static<typeof Rule> | undefined): FindingSeverity {
  const score = Number(
    result.properties?.['security-severity'] ?? rule?.properties?.['security-severity'] ?? Number.NaN,
  );
  if (score >= 9) return 'critical';
  if (score >= 7) return 'high';
  if (score >= 4) return 'medium';
  if (score > 0) return 'low';
  const level = result.level ?? rule?.defaultConfiguration?.level ?? 'warning';
  return level === 'error' ? 'high' : level === 'warning' ? 'medium' : level === 'note' ? 'low' : 'info';
}

/** A path inside the repository; what lies elsewhere (another host, an absolute path, a climb) names no line of it. */
function readPath(uri: string | undefined): string | undefined {
  if (uri === undefined || uri === '' || /^[a-z][a-z0-9+.-]*:/i.test(uri) || uri.startsWith('/')) return undefined;
  let path: string;
  try {
    path = decodeURIComponent(uri.replace(/^\.\//, ''));
  } catch {
    // Not encoded at all: some tools write the bare path.
    path = uri;
  }
  const isInside =
    path.length <= 4096 && !path.includes('\0') && !path.split('/').some((part) => part === '..' || part === '.');
  return isInside && !path.startsWith('/') && path !== '' ? path : undefined;
}

function readLine(line: number | undefined): number | undefined {
  return line !== undefined && line >= 1 && line <= 10_000_000 ? line : undefined;
}
