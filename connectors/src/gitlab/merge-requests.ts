/** Merge requests are the category's pull requests. Source: docs.gitlab.com/api/merge_requests, /api/merge_request_approvals. */
import type {
  ActionContext,
  HttpResponse,
  PullRequest,
  PullRequestDetail,
  SourceControlHandlers,
} from '@inthub/connector-sdk';
import { toTimestamp } from '@inthub/connector-sdk';
import { HubError, invalidField } from '@inthub/contracts';
import type { Static } from 'typebox';
import { call, listPage, type Project, pageUrl, projectPath } from './api.ts';
import { createNote, createRemark, type MergeRequestAt, mergeRequestPath } from './comments.ts';
import { loginOf } from './people.ts';
import { getProject } from './repositories.ts';
import {
  Approvals,
  type DiffRefs,
  MergeRequestDetail,
  MergeRequestFields,
  MergeRequests,
  Reviewers,
  User,
} from './schema.ts';
import { timestamp } from './timestamp.ts';

function stateOf(state: string): PullRequest['state'] {
  if (state === 'merged' || state === 'closed') return state;
  // `locked` is one that is being merged right now.
  if (state === 'opened' || state === 'locked') return 'open';
  throw new HubError('provider_bad_response', 'GitLab gave a merge request of an unknown state.');
}

function toPullRequest(found: Static<typeof MergeRequestFields>): PullRequest {
  return {
    id: String(found.id),
    number: found.iid,
    title: found.title,
    body: found.description ?? '',
    state: stateOf(found.state),
    author: loginOf(found.author),
    sourceBranch: found.source_branch,
    targetBranch: found.target_branch,
    headSha: found.sha ?? '',
    isDraft: found.draft ?? false,
    createdAt: timestamp(found.created_at),
    updatedAt: timestamp(found.updated_at),
    mergedAt: toTimestamp(found.merged_at),
    reviewStatus: null,
    labels: [...found.labels],
    url: found.web_url,
  };
}

async function getMergeRequest(at: MergeRequestAt, ctx: ActionContext) {
  return (await call('GET', mergeRequestPath(at), ctx)).json(MergeRequestDetail);
}

/** A wish for changes outweighs approvals, as it does on GitLab's own page. */
async function reviewStatus(at: MergeRequestAt, ctx: ActionContext): Promise<PullRequest['reviewStatus']> {
  const reviewers = await (await call('GET', mergeRequestPath(at, '/reviewers'), ctx)).json(Reviewers);
  if (reviewers.some(({ state }) => state === 'requested_changes')) return 'changes_requested';
  const { approved_by } = await (await call('GET', mergeRequestPath(at, '/approvals'), ctx)).json(Approvals);
  return approved_by.length > 0 ? 'approved' : 'pending';
}

/** docs.gitlab.com/api/merge_requests, "Merge status"; servers before 15.6 give only `merge_status`. */
function isMergeable({ detailed_merge_status, merge_status }: Static<typeof MergeRequestDetail>): boolean | null {
  const status = detailed_merge_status ?? merge_status ?? '';
  if (['unchecked', 'checking', 'preparing', 'approvals_syncing', 'ci_still_running', ''].includes(status)) return null;
  return status === 'mergeable' || status === 'can_be_merged';
}

async function getPullRequest(at: MergeRequestAt, ctx: ActionContext): Promise<PullRequestDetail> {
  const found = await getMergeRequest(at, ctx);
  const pull = toPullRequest(found);
  const changes = /^\d{1,9}$/.exec(found.changes_count ?? '');
  return {
    ...pull,
    reviewStatus: await reviewStatus(at, ctx),
    baseSha: found.diff_refs?.base_sha ?? null,
    isMergeable: pull.state === 'open' ? isMergeable(found) : false,
    mergeCommitSha: pull.state === 'merged' ? mergedSha(found) : null,
    mergedBy: (found.merge_user ?? found.merged_by)?.username ?? null,
    assignees: (found.assignees ?? []).map(loginOf),
    reviewers: (found.reviewers ?? []).map(loginOf),
    additions: null,
    deletions: null,
    // "1000+" when there are more than GitLab counts.
    changedFiles: changes === null ? null : Number(changes[0]),
  };
}

/** A fast-forward merge makes no commit of its own. */
function mergedSha({ merge_commit_sha, squash_commit_sha, sha }: Static<typeof MergeRequestDetail>): string | null {
  return merge_commit_sha ?? squash_commit_sha ?? sha ?? null;
}

/** `owner:branch` is a branch of the owner's fork of the same name. */
function readSource(source: string, { repo }: Project): { fork?: Project; branch: string } {
  const cut = source.indexOf(':');
  return cut < 1 ? { branch: source } : { fork: { owner: source.slice(0, cut), repo }, branch: source.slice(cut + 1) };
}

/** The state of the merge request that lines are counted in; GitLab takes remarks on the newest one. */
async function newestRefs(
  at: MergeRequestAt,
  commitSha: string | undefined,
  ctx: ActionContext,
): Promise<Static<typeof DiffRefs>> {
  const { diff_refs } = await getMergeRequest(at, ctx);
  if (diff_refs === null || diff_refs === undefined)
    throw new HubError(
      'provider_conflict',
      `GitLab has not prepared the diff of !${at.number} yet; try again shortly.`,
    );
  if (commitSha !== undefined && commitSha.toLowerCase() !== diff_refs.head_sha)
    throw new HubError(
      'provider_conflict',
      `!${at.number} is at ${diff_refs.head_sha} by now, not at ${commitSha}; count the lines in the newest commit.`,
    );
  return diff_refs;
}

/** GitLab heeds a request for changes only from those whose review was asked for (`/request_changes`, docs.gitlab.com/user/project/quick_actions). */
async function requireReviewer(at: MergeRequestAt, ctx: ActionContext): Promise<void> {
  const me = await (await call('GET', '/user', ctx)).json(User);
  const reviewers = await (await call('GET', mergeRequestPath(at, '/reviewers'), ctx)).json(Reviewers);
  if (reviewers.some(({ user }) => user.id === me.id)) return;
  throw new HubError(
    'provider_rejected',
    `GitLab lets only reviewers of !${at.number} request changes; make ${me.username} one, or use the verdict comment.`,
  );
}

export const mergeRequestHandlers: SourceControlHandlers = {
  'pr.list': async ({ owner, repo, state = 'open', sourceBranch, targetBranch, ...page }, ctx) => {
    const { fork, branch } =
      sourceBranch === undefined ? { branch: undefined } : readSource(sourceBranch, { owner, repo });
    const query = {
      state: state === 'open' ? 'opened' : state,
      source_branch: branch,
      source_project_id: fork === undefined ? undefined : (await getProject(fork, ctx)).id,
      target_branch: targetBranch,
      order_by: 'created_at',
      sort: 'desc',
    };
    const read = async (response: HttpResponse) => (await response.json(MergeRequests)).map(toPullRequest);
    return listPage({ path: projectPath({ owner, repo }, '/merge_requests'), query, read }, page, ctx);
  },
  'pr.get': getPullRequest,
  'pr.create': async ({ owner, repo, title, body, sourceBranch, targetBranch, isDraft = false }, ctx) => {
    const { fork, branch } = readSource(sourceBranch, { owner, repo });
    const response = await call('POST', projectPath(fork ?? { owner, repo }, '/merge_requests'), ctx, {
      json: {
        // docs.gitlab.com/user/project/merge_requests/drafts: the prefix makes the draft.
        title: isDraft && !/^draft:/i.test(title) ? `Draft: ${title}` : title,
        description: body,
        source_branch: branch,
        target_branch: targetBranch,
        target_project_id: fork === undefined ? undefined : (await getProject({ owner, repo }, ctx)).id,
      },
    });
    return { ...toPullRequest(await response.json(MergeRequestFields)), reviewStatus: 'pending' };
  },
  'pr.review': async ({ owner, repo, number, verdict, body, comments = [], commitSha }, ctx) => {
    const at = { owner, repo, number };
    if (verdict === 'request_changes') await requireReviewer(at, ctx);
    if (comments.length > 0) {
      const refs = await newestRefs(at, commitSha, ctx);
      for (const remark of comments) await createRemark(at, refs, remark, ctx);
    }
    const text = verdict === 'request_changes' ? `${body ?? 'Changes requested.'}\n\n/request_changes` : body;
    const note = text === undefined || text === '' ? undefined : await createNote(at, text, ctx);
    if (verdict === 'approve') {
      // With `sha` GitLab refuses (409) to approve what was pushed since.
      const response = await call('POST', mergeRequestPath(at, '/approve'), ctx, { json: { sha: commitSha } });
      await response.json(Approvals);
    }
    return { id: null, verdict, url: note?.url ?? pageUrl(ctx, `/${owner}/${repo}/-/merge_requests/${number}`) };
  },
  'pr.comment': async ({ owner, repo, number, body, path, line, side = 'new', commitSha }, ctx) => {
    const at = { owner, repo, number };
    if (path === undefined || line === undefined) return createNote(at, body, ctx);
    return createRemark(at, await newestRefs(at, commitSha, ctx), { path, line, side, body }, ctx);
  },
  'pr.merge': async ({ owner, repo, number, method = 'merge', commitTitle, commitMessage, expectedHeadSha }, ctx) => {
    if (method === 'rebase')
      throw invalidField(
        '/method',
        'is set for the whole project in GitLab (Settings → Merge requests); use merge or squash.',
      );
    const parts = [commitTitle, commitMessage].filter((part) => part !== undefined && part !== '');
    const message = parts.length === 0 ? undefined : parts.join('\n\n');
    const response = await call('PUT', mergeRequestPath({ owner, repo, number }, '/merge'), ctx, {
      json: {
        sha: expectedHeadSha,
        squash: method === 'squash',
        ...(method === 'squash' ? { squash_commit_message: message } : { merge_commit_message: message }),
      },
      // A second try after a lost answer would say "not mergeable" of what it merged itself.
      retry: 'never',
    });
    const found = await response.json(MergeRequestDetail);
    const isMerged = found.state === 'merged';
    return { merged: isMerged, sha: isMerged ? mergedSha(found) : null };
  },
};
