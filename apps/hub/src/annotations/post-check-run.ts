import { createHash } from 'node:crypto';
import { type CheckConclusion, HubError, type ScmAnnotation, type ScmCheckRunRequest } from '@inthub/contracts';
import { escapeText, fit, inlineCode, markerOf } from './markdown.ts';
import { writeComment } from './post-comment.ts';
import type { Scm } from './scm-calls.ts';
import { annotationsPerRequest } from './scm-product.ts';

export interface PostedCheckRun {
  readonly id: string;
  readonly url: string | null;
  readonly updated: boolean;
  readonly via: 'check_run' | 'status' | 'status_and_comment';
  readonly annotations: number;
  readonly isTruncated: boolean;
}

/** docs.github.com/rest/checks/runs: summary and text, "Maximum length: 65535 characters". */
const maxSummary = 65_535;
/** In the table of a comment, where there are no check runs. */
const maxRows = 100;

/**
 * A check run where there are any, else a commit status with remarks on the pull request.
 * @param body Of the comment there; default a table of the annotations. @throws HubError
 */
export async function postCheckRun(scm: Scm, request: ScmCheckRunRequest, body?: string): Promise<PostedCheckRun> {
  if (!scm.product.hasCheckRuns) return degrade(scm, request, body);
  try {
    return await createCheckRun(scm, request);
  } catch (error) {
    // GitHub lets only Apps write check runs; a token of a person is told 403.
    if (error instanceof HubError && error.code === 'provider_forbidden') return degrade(scm, request, body);
    throw error;
  }
}

async function createCheckRun(scm: Scm, request: ScmCheckRunRequest): Promise<PostedCheckRun> {
  const { name, headSha, status, conclusion, annotations = [], detailsUrl } = request;
  const summary = fit(request.summary ?? '', maxSummary);
  const text = request.text === undefined ? undefined : fit(request.text, maxSummary);
  const batches = Array.from({ length: Math.max(1, Math.ceil(annotations.length / annotationsPerRequest)) }, (_, at) =>
    annotations.slice(at * annotationsPerRequest, (at + 1) * annotationsPerRequest),
  );
  const output = (batch: readonly ScmAnnotation[]) => ({
    title: name,
    summary: summary.text,
    ...(text === undefined ? {} : { text: text.text }),
    annotations: batch,
  });
  const [first = [], ...rest] = batches;
  const created = await scm.createCheckRun(request, {
    name,
    headSha,
    ...(status === undefined ? {} : { status }),
    ...(conclusion === undefined ? {} : { conclusion }),
    ...(detailsUrl === undefined ? {} : { detailsUrl }),
    output: output(first),
  });
  // Each update adds to the annotations that are there.
  for (const batch of rest) await scm.updateCheckRun(request, created.id, { output: output(batch) });
  return {
    id: created.id,
    url: created.url,
    updated: false,
    via: 'check_run',
    annotations: annotations.length,
    isTruncated: summary.isTruncated || (text?.isTruncated ?? false),
  };
}

async function degrade(scm: Scm, request: ScmCheckRunRequest, given?: string): Promise<PostedCheckRun> {
  const {
    headSha,
    name,
    conclusion,
    summary = '',
    text = '',
    annotations = [],
    detailsUrl,
    pullRequestNumber,
  } = request;
  const description = summary.split('\n').find((line) => line.trim() !== '') ?? stateOf(conclusion);
  const status = await scm.setStatus(request, {
    sha: headSha,
    state: stateOf(conclusion),
    context: name,
    description: description.slice(0, scm.product.maxDescription),
    ...(detailsUrl === undefined ? {} : { targetUrl: detailsUrl }),
  });
  const posted = { id: status.id, url: null, updated: false, annotations: 0, isTruncated: false };
  if (pullRequestNumber === undefined) return { ...posted, via: 'status' };

  const details = detailsUrl === undefined ? [] : ['', `[Details](<${detailsUrl}>)`];
  const body =
    given ?? [`### ${escapeText(name)}`, '', summary, text, ...annotationTable(annotations), ...details].join('\n');
  const { owner, repository } = request;
  const { remarks, comment } = await scm.alone(request, pullRequestNumber, name, async (alone) => ({
    remarks: await remarkOnLines(alone, request, pullRequestNumber, annotations),
    comment: await writeComment(alone, { owner, repository, pullRequestNumber, key: name, body }),
  }));
  return {
    ...posted,
    url: comment.url,
    updated: comment.updated,
    via: 'status_and_comment',
    annotations: remarks,
    isTruncated: comment.isTruncated || (given === undefined && annotations.length > maxRows),
  };
}

/** The worst ones on their lines, each once: a remark of an earlier run is found by its mark. */
async function remarkOnLines(
  scm: Scm,
  request: ScmCheckRunRequest,
  number: number,
  annotations: readonly ScmAnnotation[],
): Promise<number> {
  const { maxLineRemarks } = scm.product;
  if (maxLineRemarks === 0 || annotations.length === 0) return 0;
  const wanted = annotations
    .slice(0, maxLineRemarks)
    .map((annotation) => ({ annotation, marker: markerFor(request.name, annotation) }));
  const known = new Set<string>();
  for await (const { body } of scm.comments(request, number)) {
    for (const { marker } of wanted) if (body.includes(marker)) known.add(marker);
  }
  let posted = known.size;
  for (const { annotation, marker } of wanted) {
    if (known.has(marker)) continue;
    const { path, startLine, title, message, level } = annotation;
    const heading = title === undefined ? '' : `**${escapeText(title)}** (${level})\n\n`;
    const { text } = fit(`${heading}${escapeText(message)}`, scm.product.maxComment, marker);
    try {
      await scm.remark(request, number, { path, line: startLine }, text);
      posted += 1;
    } catch (error) {
      // A line that the pull request does not touch takes no remark; the comment lists it.
      const isElsewhere = error instanceof HubError && ['provider_rejected', 'provider_not_found'].includes(error.code);
      if (!isElsewhere) throw error;
    }
  }
  return posted;
}

/** Line and message decide: the same finding again is the same remark. */
function markerFor(name: string, { path, startLine, message }: ScmAnnotation): string {
  const print = createHash('sha256')
    .update(JSON.stringify([path, startLine, message]))
    .digest('hex')
    .slice(0, 16);
  return markerOf(`${name}#${print}`);
}

function annotationTable(annotations: readonly ScmAnnotation[]): string[] {
  if (annotations.length === 0) return [];
  const rows = annotations.slice(0, maxRows).map(({ level, path, startLine, title, message }) => {
    const text = escapeText(title === undefined || title === message ? message : `${title}: ${message}`);
    return `| ${level} | ${inlineCode(`${path}:${startLine}`)} | ${text.slice(0, 300)} |`;
  });
  const more = annotations.length > maxRows ? ['', `… and ${annotations.length - maxRows} more.`] : [];
  return ['', '| Level | Place | Message |', '|---|---|---|', ...rows, ...more];
}

function stateOf(conclusion: CheckConclusion | undefined): 'pending' | 'success' | 'failure' | 'error' {
  switch (conclusion) {
    case undefined:
      return 'pending';
    case 'success':
    case 'neutral':
    case 'skipped':
      return 'success';
    case 'cancelled':
      return 'error';
    default:
      return 'failure';
  }
}
