import {
  type ActionContext,
  eachPage,
  type PullRequest,
  type PullRequestDetail,
  type SourceControlHandlers,
  toTimestamp,
} from '@inthub/connector-sdk';
import type { Static } from 'typebox';
import { call, listPage } from './api.ts';
import { toComment } from './comments.ts';
import { labelsOf, loginOf } from './people.ts';
import { CommentFields, Merged, PullDetail, PullFields, Pulls, ReviewFields, Reviews } from './schema.ts';
import { timestamp } from './timestamp.ts';

/** Reviews beyond this many pages of 100 do not change what a person would say about the pull request. */
const maxReviewPages = 10;

function toPullRequest(pull: Static<typeof PullFields>): PullRequest {
  return {
    id: String(pull.id),
    number: pull.number,
    title: pull.title,
    body: pull.body ?? '',
    state: toTimestamp(pull.merged_at) === null ? (pull.state === 'open' ? 'open' : 'closed') : 'merged',
    author: loginOf(pull.user),
    sourceBranch: pull.head.ref,
    targetBranch: pull.base.ref,
    headSha: pull.head.sha,
    isDraft: pull.draft ?? false,
    createdAt: timestamp(pull.created_at),
    updatedAt: timestamp(pull.updated_at),
    mergedAt: toTimestamp(pull.merged_at),
    reviewStatus: null,
    labels: labelsOf(pull.labels),
    url: pull.html_url,
  };
}

async function getPull(owner: string, repo: string, number: number, ctx: ActionContext) {
  const response = await call(
    'GET /repos/{owner}/{repo}/pulls/{pull_number}',
    { owner, repo, pull_number: number },
    ctx,
  );
  return response.json(PullDetail);
}

/** Each reviewer's newest verdict counts, as on GitHub's own page; comments are no verdict, and a dismissed one is none any more. */
async function reviewStatus(
  at: { readonly owner: string; readonly repo: string; readonly number: number },
  ctx: ActionContext,
): Promise<PullRequest['reviewStatus']> {
  const { owner, repo, number } = at;
  const verdicts = new Map<string, string>();
  const fetch = (cursor: string | undefined) =>
    listPage(
      'GET /repos/{owner}/{repo}/pulls/{pull_number}/reviews',
      { owner, repo, pull_number: number },
      { limit: 100, ...(cursor === undefined ? {} : { cursor }) },
      (response) => response.json(Reviews),
      ctx,
    );
  for await (const reviews of eachPage({ fetch, maxPages: maxReviewPages, signal: ctx.signal })) {
    for (const { user, state } of reviews) {
      if (state === 'APPROVED' || state === 'CHANGES_REQUESTED') verdicts.set(loginOf(user), state);
      else if (state === 'DISMISSED') verdicts.delete(loginOf(user));
    }
  }
  const states = [...verdicts.values()];
  if (states.includes('CHANGES_REQUESTED')) return 'changes_requested';
  return states.includes('APPROVED') ? 'approved' : 'pending';
}

async function getPullRequest(
  input: { owner: string; repo: string; number: number },
  ctx: ActionContext,
): Promise<PullRequestDetail> {
  const pull = await getPull(input.owner, input.repo, input.number, ctx);
  const found = toPullRequest(pull);
  return {
    ...found,
    reviewStatus: await reviewStatus(input, ctx),
    baseSha: pull.base.sha,
    isMergeable: found.state === 'open' ? (pull.mergeable ?? null) : false,
    // While it is open the field holds a test merge (docs.github.com/rest/pulls/pulls, "Get a pull request").
    mergeCommitSha: found.state === 'merged' ? (pull.merge_commit_sha ?? null) : null,
    mergedBy: pull.merged_by?.login ?? null,
    assignees: (pull.assignees ?? []).map(({ login }) => login),
    reviewers: (pull.requested_reviewers ?? []).map(({ login }) => login),
    additions: pull.additions ?? null,
    deletions: pull.deletions ?? null,
    changedFiles: pull.changed_files ?? null,
  };
}

const sides = { old: 'LEFT', new: 'RIGHT' } as const;
const events = { approve: 'APPROVE', request_changes: 'REQUEST_CHANGES', comment: 'COMMENT' } as const;

export const pullRequestHandlers: SourceControlHandlers = {
  'pr.list': async ({ owner, repo, state = 'open', sourceBranch, targetBranch, ...page }, ctx) =>
    listPage(
      'GET /repos/{owner}/{repo}/pulls',
      {
        owner,
        repo,
        state: state === 'merged' ? 'closed' : state,
        head: sourceBranch === undefined || sourceBranch.includes(':') ? sourceBranch : `${owner}:${sourceBranch}`,
        base: targetBranch,
      },
      page,
      // GitHub does not tell merged from closed when it lists, so such pages may hold fewer than were asked for.
      async (response) =>
        (await response.json(Pulls)).map(toPullRequest).filter((pull) => state === 'all' || pull.state === state),
      ctx,
    ),
  'pr.get': getPullRequest,
  'pr.create': async ({ owner, repo, title, body, sourceBranch, targetBranch, isDraft }, ctx) => {
    const response = await call(
      'POST /repos/{owner}/{repo}/pulls',
      { owner, repo, title, body, head: sourceBranch, base: targetBranch, draft: isDraft },
      ctx,
    );
    return { ...toPullRequest(await response.json(PullFields)), reviewStatus: 'pending' };
  },
  'pr.review': async ({ owner, repo, number, verdict, body, comments, commitSha }, ctx) => {
    const response = await call(
      'POST /repos/{owner}/{repo}/pulls/{pull_number}/reviews',
      {
        owner,
        repo,
        pull_number: number,
        event: events[verdict],
        body,
        commit_id: commitSha,
        comments: comments?.map(({ path, line, side = 'new', body: text }) => ({
          path,
          line,
          side: sides[side],
          body: text,
        })),
      },
      ctx,
    );
    const { id, html_url } = await response.json(ReviewFields);
    return { id: String(id), verdict, url: html_url ?? null };
  },
  'pr.comment': async ({ owner, repo, number, body, path, line, side = 'new', commitSha }, ctx) => {
    if (path === undefined || line === undefined) {
      const parameters = { owner, repo, issue_number: number, body };
      const response = await call('POST /repos/{owner}/{repo}/issues/{issue_number}/comments', parameters, ctx);
      return toComment(await response.json(CommentFields));
    }
    const response = await call(
      'POST /repos/{owner}/{repo}/pulls/{pull_number}/comments',
      {
        owner,
        repo,
        pull_number: number,
        body,
        path,
        line,
        side: sides[side],
        commit_id: commitSha ?? (await getPull(owner, repo, number, ctx)).head.sha,
      },
      ctx,
    );
    return toComment(await response.json(CommentFields));
  },
  'pr.merge': async ({ owner, repo, number, method = 'merge', commitTitle, commitMessage, expectedHeadSha }, ctx) => {
    const response = await call(
      'PUT /repos/{owner}/{repo}/pulls/{pull_number}/merge',
      {
        owner,
        repo,
        pull_number: number,
        merge_method: method,
        commit_title: commitTitle,
        commit_message: commitMessage,
        sha: expectedHeadSha,
      },
      ctx,
      // A second try after a lost answer would say "not mergeable" of what it merged itself.
      { retry: 'never' },
    );
    const { merged, sha } = await response.json(Merged);
    return { merged, sha: sha ?? null };
  },
};
