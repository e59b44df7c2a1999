/** Logs and artifacts: GitHub redirects to its storage, where no credential goes along. */
import { type Artifact, type CiHandlers, type HttpResponse, toTimestamp } from '@inthub/connector-sdk';
import type { Static } from 'typebox';
import { tailOf, textOfTail } from '../_families/job-log/tail.ts';
import { call, listPage, pageOf } from './api.ts';
import { ArtifactFields, Artifacts } from './schema-actions.ts';
import { requireId, requireProject } from './workflow-runs.ts';

/** A job that writes more than this is cut by its own deadline first. */
const maxLogBytes = 256 * 1024 * 1024;

function toArtifact(found: Static<typeof ArtifactFields>): Artifact {
  const { id, name, size_in_bytes, expired, created_at, expires_at, digest, workflow_run } = found;
  return {
    id: String(id),
    name,
    sizeBytes: size_in_bytes,
    isExpired: expired,
    createdAt: toTimestamp(created_at),
    expiresAt: toTimestamp(expires_at),
    digest: digest ?? null,
    runId: workflow_run?.id === undefined ? null : String(workflow_run.id),
  };
}

export const runFileHandlers: CiHandlers = {
  'job.log': async ({ jobId, tailBytes = 1_048_576, ...project }, ctx) => {
    const parameters = { ...requireProject(project), job_id: requireId(jobId, '/jobId') };
    const options = { accept: 'application/vnd.github+json, text/plain', stream: true, maxBytes: maxLogBytes };
    const response = await call('GET /repos/{owner}/{repo}/actions/jobs/{job_id}/logs', parameters, ctx, options);
    const { tail, sizeBytes } = await tailOf(response.chunks(), tailBytes);
    const isTruncated = sizeBytes > tail.length;
    return { jobId, text: textOfTail(tail, isTruncated), sizeBytes, isTruncated };
  },
  'artifact.list': async ({ runId, cursor, limit, ...project }, ctx) => {
    const parameters = requireProject(project);
    const page = pageOf(cursor, limit);
    const read = async (response: HttpResponse) => (await response.json(Artifacts)).artifacts.map(toArtifact);
    if (runId === undefined)
      return listPage('GET /repos/{owner}/{repo}/actions/artifacts', parameters, page, read, ctx);
    const ofRun = { ...parameters, run_id: requireId(runId, '/runId') };
    return listPage('GET /repos/{owner}/{repo}/actions/runs/{run_id}/artifacts', ofRun, page, read, ctx);
  },
  'artifact.get': async ({ artifactId, withContent = false, maxBytes = 5_242_880, ...project }, ctx) => {
    const parameters = { ...requireProject(project), artifact_id: requireId(artifactId, '/artifactId') };
    const found = await call('GET /repos/{owner}/{repo}/actions/artifacts/{artifact_id}', parameters, ctx);
    const artifact = toArtifact(await found.json(ArtifactFields));
    if (!withContent) return { artifact, content: null };
    const route = 'GET /repos/{owner}/{repo}/actions/artifacts/{artifact_id}/{archive_format}';
    const archive = await call(route, { ...parameters, archive_format: 'zip' }, ctx, { maxBytes });
    const bytes = Buffer.from(await archive.bytes());
    return {
      artifact,
      content: { mediaType: 'application/zip', sizeBytes: bytes.length, base64: bytes.toString('base64') },
    };
  },
};
