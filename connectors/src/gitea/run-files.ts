/** Logs and artifacts of Gitea Actions. Source: Gitea's templates/swagger/v1_json.tmpl (v1.26); downloads are redirected to the server's storage. */
import { type Artifact, type CiHandlers, toTimestamp } from '@inthub/connector-sdk';
import { HubError } from '@inthub/contracts';
import type { Static } from 'typebox';
import { listWhole, path } from '../_families/gitea/api.ts';
import { tailOf, textOfTail } from '../_families/job-log/tail.ts';
import { ArtifactFields, Artifacts } from './schema-actions.ts';
import { requireId, requireProject } from './workflow-runs.ts';

/** A job that writes more than this is cut by its own deadline first. */
const maxLogBytes = 256 * 1024 * 1024;

function toArtifact(found: Static<typeof ArtifactFields>): Artifact {
  return {
    id: String(found.id),
    name: found.name,
    sizeBytes: found.size_in_bytes,
    isExpired: found.expired,
    createdAt: toTimestamp(found.created_at),
    expiresAt: toTimestamp(found.expires_at),
    digest: null,
    runId: found.workflow_run?.id === undefined ? null : String(found.workflow_run.id),
  };
}

export const runFileHandlers: CiHandlers = {
  'job.log': async ({ jobId, tailBytes = 1_048_576, ...project }, ctx) => {
    const { owner, repo } = requireProject(project);
    const log = path`/repos/${owner}/${repo}/actions/jobs/${requireId(jobId, '/jobId')}/logs`;
    const response = await ctx.http.get(log, { accept: '*/*', stream: true, maxBytes: maxLogBytes });
    const { tail, sizeBytes } = await tailOf(response.chunks(), tailBytes);
    const isTruncated = sizeBytes > tail.length;
    return { jobId, text: textOfTail(tail, isTruncated), sizeBytes, isTruncated };
  },
  'artifact.list': async ({ runId, cursor, limit, ...project }, ctx) => {
    const { owner, repo } = requireProject(project);
    const artifacts =
      runId === undefined
        ? path`/repos/${owner}/${repo}/actions/artifacts`
        : path`/repos/${owner}/${repo}/actions/runs/${requireId(runId, '/runId')}/artifacts`;
    return listWhole({ cursor, limit }, async () => {
      const { artifacts: found, total_count } = await (await ctx.http.get(artifacts)).json(Artifacts);
      const items = (found ?? []).map(toArtifact);
      // The API describes no pages of this list.
      if (items.length < total_count)
        throw new HubError(
          'provider_response_too_large',
          `Gitea lists ${items.length} of ${total_count} artifacts and gives no more; ask for those of one run by runId.`,
        );
      return items;
    });
  },
  'artifact.get': async ({ artifactId, withContent = false, maxBytes = 5_242_880, ...project }, ctx) => {
    const { owner, repo } = requireProject(project);
    const at = path`/repos/${owner}/${repo}/actions/artifacts/${requireId(artifactId, '/artifactId')}`;
    const artifact = toArtifact(await (await ctx.http.get(at)).json(ArtifactFields));
    if (!withContent) return { artifact, content: null };
    const archive = await ctx.http.get(`${at}/zip`, { accept: '*/*', maxBytes });
    const bytes = Buffer.from(await archive.bytes());
    const base64 = bytes.toString('base64');
    return { artifact, content: { mediaType: 'application/zip', sizeBytes: bytes.length, base64 } };
  },
};
