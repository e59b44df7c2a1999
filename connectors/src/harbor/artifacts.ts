import { type ActionContext, type RegistryTag, type ScanSummary, toTimestamp } from '@inthub/connector-sdk';
import { HubError, type Page } from '@inthub/contracts';
import type { Static } from 'typebox';
import { apiPath, listPage, type PageRequest, repositoryPath } from './api.ts';
import { Artifact, Artifacts, type Summary } from './schema.ts';

/** Tags with digest and push time: Harbor lists artifacts, each with its tags. */
export async function listTags(repository: string, page: PageRequest, ctx: ActionContext): Promise<Page<RegistryTag>> {
  return listPage(
    `${repositoryPath(repository)}/artifacts`,
    page,
    { q: 'tags=*', sort: 'push_time', with_tag: true },
    async (response) =>
      (await response.json(Artifacts)).flatMap(({ digest, tags, push_time }) =>
        (tags ?? []).map((tag) => ({ name: tag.name, digest, pushedAt: toTimestamp(tag.push_time ?? push_time) })),
      ),
    ctx,
  );
}

async function getArtifact(
  repository: string,
  reference: string,
  query: Readonly<Record<string, boolean>>,
  ctx: ActionContext,
): Promise<Static<typeof Artifact>> {
  const path = `${repositoryPath(repository)}/artifacts/${encodeURIComponent(reference)}`;
  return (await ctx.http.get(apiPath(path), { query })).json(Artifact);
}

/** When the tag was pushed; of a digest, when the artifact was. */
export async function findPushTime(
  image: { readonly repository: string; readonly tag: string | null; readonly digest: string },
  ctx: ActionContext,
): Promise<string | null> {
  const { tags, push_time } = await getArtifact(image.repository, image.digest, { with_tag: image.tag !== null }, ctx);
  const tag = tags?.find(({ name }) => name === image.tag);
  return toTimestamp(tag?.push_time ?? push_time);
}

export async function getScan(repository: string, reference: string, ctx: ActionContext): Promise<ScanSummary> {
  const { digest, scan_overview } = await getArtifact(
    repository,
    reference,
    { with_tag: false, with_scan_overview: true },
    ctx,
  );
  return { repository, digest, ...summarise(newestReport(scan_overview ?? {})) };
}

/** Reports come by media type; the generic one first, as in the default of X-Accept-Vulnerabilities. */
function newestReport(overview: Readonly<Record<string, Summary>>): Summary | undefined {
  const entries = Object.entries(overview);
  const generic = entries.find(([type]) => type.startsWith('application/vnd.security.vulnerability.report'));
  return (generic ?? entries[0])?.[1];
}

/** Job states of Harbor (src/jobservice/job/status.go), as scan_status shows them. */
const states: Readonly<Record<string, ScanSummary['status']>> = {
  pending: 'queued',
  scheduled: 'queued',
  running: 'running',
  success: 'complete',
  error: 'failed',
  stopped: 'failed',
};
const severities = ['critical', 'high', 'medium', 'low', 'negligible', 'unknown', 'none'] as const;

function summarise(report: Summary | undefined): Omit<ScanSummary, 'repository' | 'digest'> {
  const counts = new Map(
    Object.entries(report?.summary?.summary ?? {}).map(([name, count]) => [name.toLowerCase(), count]),
  );
  const of = (name: string) => counts.get(name) ?? 0;
  const known = {
    critical: of('critical'),
    high: of('high'),
    medium: of('medium'),
    low: of('low'),
    negligible: of('negligible'),
  };
  const all = [...counts.values()].reduce((sum, count) => sum + count, 0);
  const status = report === undefined ? 'not_scanned' : states[report.scan_status.toLowerCase()];
  if (status === undefined) {
    throw new HubError(
      'provider_bad_response',
      `Harbor reports an unknown scan status "${report?.scan_status.slice(0, 40)}".`,
    );
  }
  const complete = status === 'complete';
  const severity = report?.severity?.toLowerCase();
  const unknown = all - Object.values(known).reduce((sum, count) => sum + count, 0);
  return {
    status,
    severity:
      severities.find((name) => name === severity) ??
      (complete && severity !== undefined && severity !== '' ? 'unknown' : null),
    total: complete ? all : null,
    fixable: complete ? (report?.summary?.fixable ?? null) : null,
    bySeverity: complete
      ? { ...known, unknown }
      : { critical: 0, high: 0, medium: 0, low: 0, negligible: 0, unknown: 0 },
    scanner: report?.scanner?.name ? [report.scanner.name, report.scanner.version].filter(Boolean).join(' ') : null,
    completedAt: complete ? toTimestamp(report?.end_time) : null,
  };
}
