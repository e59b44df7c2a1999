/**
 * Logs and artifacts of jobs. GitLab keeps artifacts by job, one archive each, so the job's id is the artifact's.
 * Source: docs.gitlab.com/api/jobs, /api/job_artifacts. Both may be redirected to an object storage, where no credential goes along.
 */
import { type Artifact, type CiHandlers, type HttpResponse, toTimestamp } from '@inthub/connector-sdk';
import { HubError } from '@inthub/contracts';
import type { Static } from 'typebox';
import { tailOf, textOfTail } from '../_families/job-log/tail.ts';
import { call, listPage, pageOf, path, projectPath } from './api.ts';
import { requireId, requireProject } from './pipelines.ts';
import { JobFields, Jobs } from './schema-ci.ts';

/** docs.gitlab.com/administration/instance_limits: a log is cut at 100 MB. */
const maxLogBytes = 128 * 1024 * 1024;

/** Undefined for a job that left nothing behind, or whose artifacts have expired. */
function toArtifact(job: Static<typeof JobFields>): Artifact | undefined {
  const file = job.artifacts_file;
  if (file === null || file === undefined) return undefined;
  return {
    id: String(job.id),
    // Every job's archive is called alike, artifacts.zip, so its job tells it apart.
    name: `${job.name}/${file.filename ?? 'artifacts.zip'}`,
    sizeBytes: file.size ?? null,
    isExpired: false,
    createdAt: toTimestamp(job.finished_at ?? job.created_at),
    expiresAt: toTimestamp(job.artifacts_expire_at),
    digest: null,
    runId: job.pipeline === null || job.pipeline === undefined ? null : String(job.pipeline.id),
  };
}

export const jobFileHandlers: CiHandlers = {
  'job.log': async ({ jobId, tailBytes = 1_048_576, ...given }, ctx) => {
    const below = projectPath(requireProject(given), path`/jobs/${requireId(jobId, '/jobId')}/trace`);
    const response = await call('GET', below, ctx, { accept: 'text/plain', stream: true, maxBytes: maxLogBytes });
    const { tail, sizeBytes } = await tailOf(response.chunks(), tailBytes);
    const isTruncated = sizeBytes > tail.length;
    return { jobId, text: textOfTail(tail, isTruncated), sizeBytes, isTruncated };
  },
  'artifact.list': async ({ runId, cursor, limit, ...given }, ctx) => {
    const below = runId === undefined ? '/jobs' : path`/pipelines/${requireId(runId, '/runId')}/jobs`;
    // Jobs without artifacts are left out, so a page may hold fewer than were asked for.
    const read = async (response: HttpResponse) =>
      (await response.json(Jobs)).map(toArtifact).filter((artifact) => artifact !== undefined);
    return listPage({ path: projectPath(requireProject(given), below), read }, pageOf(cursor, limit), ctx);
  },
  'artifact.get': async ({ artifactId, withContent = false, maxBytes = 5_242_880, ...given }, ctx) => {
    const below = projectPath(requireProject(given), path`/jobs/${requireId(artifactId, '/artifactId')}`);
    const artifact = toArtifact(await (await call('GET', below, ctx)).json(JobFields));
    if (artifact === undefined)
      throw new HubError('provider_not_found', `Job ${artifactId} has no artifacts, or they have expired.`);
    if (!withContent) return { artifact, content: null };
    const archive = await call('GET', `${below}/artifacts`, ctx, {
      accept: 'application/zip',
      maxBytes,
      revalidate: false,
    });
    const bytes = Buffer.from(await archive.bytes());
    return {
      artifact,
      content: { mediaType: 'application/zip', sizeBytes: bytes.length, base64: bytes.toString('base64') },
    };
  },
};
