import {
  type CheckConclusion,
  type Finding,
  type FindingSeverity,
  type FindingsRequest,
  findingSeverities,
  type ScmAnnotation,
  type ScmCheckRunRequest,
  type ScmCommentRequest,
  type ScmStatusRequest,
} from '@inthub/contracts';
import { isAtLeast, levelOf, sortFindings } from './findings.ts';
import { escapeText, inlineCode } from './markdown.ts';

/** Comment, status and check run that say the same. */
export interface AnnotationPayload {
  /** Null without a pull request. */
  readonly comment: ScmCommentRequest | null;
  readonly status: ScmStatusRequest;
  readonly checkRun: ScmCheckRunRequest;
  readonly bySeverity: Readonly<Record<FindingSeverity, number>>;
}

/** Findings in the table of a comment; the check run has them all. */
const maxRows = 50;

export function buildPayload(request: FindingsRequest, found: readonly Finding[]): AnnotationPayload {
  const { owner, repository, commitSha, pullRequestNumber, name, failOn = 'high', targetUrl } = request;
  const findings = sortFindings(found);
  const bySeverity = countBySeverity(findings);
  const failing = failOn === 'never' ? 0 : findings.filter(({ severity }) => isAtLeast(severity, failOn)).length;
  const conclusion: CheckConclusion = failing > 0 ? 'failure' : findings.length > 0 ? 'neutral' : 'success';
  const headline = headlineOf(findings.length, failing, failOn);
  const summary = [headline, '', ...severityTable(bySeverity)].join('\n');
  const target = { owner, repository };
  return {
    bySeverity,
    comment:
      pullRequestNumber === undefined
        ? null
        : { ...target, pullRequestNumber, key: name, body: commentBody(name, summary, findings, targetUrl) },
    status: {
      ...target,
      commitSha,
      context: name,
      state: failing > 0 ? 'failure' : 'success',
      description: headline,
      ...(targetUrl === undefined ? {} : { targetUrl }),
    },
    checkRun: {
      ...target,
      headSha: commitSha,
      name,
      status: 'completed',
      conclusion,
      summary,
      annotations: findings.flatMap(toAnnotation),
      ...(pullRequestNumber === undefined ? {} : { pullRequestNumber }),
      ...(targetUrl === undefined ? {} : { detailsUrl: targetUrl }),
    },
  };
}

function headlineOf(count: number, failing: number, failOn: string): string {
  if (count === 0) return 'No findings.';
  const all = count === 1 ? '1 finding' : `${count} findings`;
  if (failOn === 'never') return `${all}.`;
  return failing === 0 ? `${all}, none ${failOn} or worse.` : `${all}, ${failing} ${failOn} or worse.`;
}

function countBySeverity(findings: readonly Finding[]): Record<FindingSeverity, number> {
  const counts: Record<FindingSeverity, number> = { critical: 0, high: 0, medium: 0, low: 0, info: 0 };
  for (const { severity } of findings) counts[severity] += 1;
  return counts;
}

function severityTable(counts: Readonly<Record<FindingSeverity, number>>): string[] {
  const shown = findingSeverities.filter((severity) => counts[severity] > 0);
  if (shown.length === 0) return [];
  return ['| Severity | Findings |', '|---|---|', ...shown.map((severity) => `| ${severity} | ${counts[severity]} |`)];
}

function commentBody(name: string, summary: string, findings: readonly Finding[], url: string | undefined): string {
  const lines = [`### ${escapeText(name)}`, '', summary];
  if (findings.length > 0) {
    lines.push('', '| Severity | Rule | Place | Message |', '|---|---|---|---|');
    lines.push(...findings.slice(0, maxRows).map(rowOf));
    if (findings.length > maxRows) lines.push('', `… and ${findings.length - maxRows} more.`);
  }
  if (url !== undefined) lines.push('', `[Details](<${url}>)`);
  return lines.join('\n');
}

function rowOf({ severity, ruleId, helpUrl, path, startLine, message }: Finding): string {
  const rule = helpUrl === undefined ? inlineCode(ruleId) : `[${inlineCode(ruleId)}](<${helpUrl}>)`;
  const place = path === undefined ? '' : inlineCode(startLine === undefined ? path : `${path}:${startLine}`);
  const text = escapeText(message);
  return `| ${severity} | ${rule} | ${place} | ${text.length > 300 ? `${text.slice(0, 299)}…` : text} |`;
}

/** A finding without a place names no line to annotate; the summary counts it. */
function toAnnotation({ path, startLine, endLine, severity, message, title, ruleId }: Finding): ScmAnnotation[] {
  if (path === undefined) return [];
  const from = startLine ?? 1;
  return [
    {
      path,
      startLine: from,
      endLine: Math.max(from, endLine ?? from),
      level: levelOf[severity],
      message,
      title: (title ?? ruleId).slice(0, 255),
    },
  ];
}
