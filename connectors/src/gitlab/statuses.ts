/** Commit statuses. Source: docs.gitlab.com/api/commits, "Set commit pipeline status". */
import type { ActionContext, CommitStatus, SourceControlHandlers } from '@inthub/connector-sdk';
import { toTimestamp } from '@inthub/connector-sdk';
import { HubError } from '@inthub/contracts';
import type { Static } from 'typebox';
import { call, type Project, path, projectPath } from './api.ts';
import { Statuses, StatusFields } from './schema.ts';

/** Longer descriptions are refused. */
const maxDescription = 255;
/** GitLab has no `error`. */
const sent = { pending: 'pending', success: 'success', failure: 'failed', error: 'failed' } as const;
const read: Readonly<Record<string, CommitStatus['state']>> = {
  created: 'pending',
  pending: 'pending',
  running: 'pending',
  success: 'success',
  failed: 'failure',
  canceled: 'error',
};

function toStatus(found: Static<typeof StatusFields>): CommitStatus {
  const state = read[found.status];
  if (state === undefined) throw new HubError('provider_bad_response', 'GitLab gave a status of an unknown state.');
  return {
    id: String(found.id),
    sha: found.sha,
    state,
    context: found.name,
    description: found.description ?? null,
    targetUrl: found.target_url ?? null,
    createdAt: toTimestamp(found.created_at),
  };
}

/** GitLab refuses (400, "Cannot transition status") to set a status to what it is; then that one is the answer. */
async function sameStatus(
  project: Project,
  { sha, context, status }: { readonly sha: string; readonly context: string; readonly status: string },
  ctx: ActionContext,
): Promise<CommitStatus> {
  const below = projectPath(project, path`/repository/commits/${sha}/statuses`);
  const found = await (await call('GET', below, ctx, { query: { name: context, per_page: 100 } })).json(Statuses);
  const same = found.find((one) => one.name === context && one.status === status);
  if (same !== undefined) return toStatus(same);
  throw new HubError('provider_rejected', `GitLab refused to set the status ${context} to ${status}.`);
}

export const statusHandlers: SourceControlHandlers = {
  'status.create': async ({ owner, repo, sha, state, context, description, targetUrl }, ctx) => {
    const status = sent[state];
    const response = await call('POST', projectPath({ owner, repo }, path`/statuses/${sha}`), ctx, {
      json: {
        state: status,
        name: context,
        description: description === undefined ? undefined : shorten(description, maxDescription),
        target_url: targetUrl,
      },
      expect: [400],
    });
    if (response.status === 400) return sameStatus({ owner, repo }, { sha, context, status }, ctx);
    return toStatus(await response.json(StatusFields));
  },
};

/** At most `length` UTF-16 units, never half a character. */
function shorten(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
}
