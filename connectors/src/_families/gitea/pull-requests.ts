import {
  type ActionContext,
  eachPage,
  type PullRequest,
  type PullRequestDetail,
  type SourceControlHandlers,
  toTimestamp,
} from '@inthub/connector-sdk';
import { HubError } from '@inthub/contracts';
import type { Static } from 'typebox';
import { listPage, path } from './api.ts';
import { toComment } from './comments.ts';
import { loginOf, loginsOf, namesOf, timestamp } from './people.ts';
import type { GiteaProduct } from './product.ts';
import { CommentFields, Comments, PullFields, Pulls, ReviewFields, Reviews } from './schema.ts';

/** Reviews beyond this many pages of 50 do not change what a person would say about the pull request. */
const maxReviewPages = 20;
/** Begins the title of a draft: the first of WORK_IN_PROGRESS_PREFIXES (docs.gitea.com, "Config Cheat Sheet", Repository – Pull Request). */
const draftPrefix = 'WIP: ';

interface PullAt {
  readonly owner: string;
  readonly repo: string;
  readonly number: number;
}

function toPullRequest(pull: Static<typeof PullFields>): PullRequest {
  const { head } = pull;
  return {
    id: String(pull.id),
    number: pull.number,
    title: pull.title,
    body: pull.body ?? '',
    state: pull.merged ? 'merged' : pull.state === 'open' ? 'open' : 'closed',
    author: loginOf(pull.user),
    // Once the branch is gone `ref` is refs/pull/<number>/head, and the name is kept in `label`.
    sourceBranch: head.ref.startsWith('refs/pull/') ? (head.label ?? head.ref) : head.ref,
    targetBranch: pull.base.ref,
    headSha: head.sha,
    isDraft: pull.draft ?? false,
    createdAt: timestamp(pull.created_at),
    updatedAt: timestamp(pull.updated_at),
    mergedAt: pull.merged ? toTimestamp(pull.merged_at) : null,
    reviewStatus: null,
    labels: namesOf(pull.labels),
    url: pull.html_url,
  };
}

async function getPull({ owner, repo, number }: PullAt, ctx: ActionContext) {
  return (await ctx.http.get(path`/repos/${owner}/${repo}/pulls/${number}`)).json(PullFields);
}

/** Each reviewer's newest verdict counts, as on Gitea's own page; comments are no verdict, and a dismissed one is none any more. */
async function reviewStatus({ owner, repo, number }: PullAt, ctx: ActionContext): Promise<PullRequest['reviewStatus']> {
  const verdicts = new Map<string, string>();
  const fetch = (cursor: string | undefined) =>
    listPage(
      path`/repos/${owner}/${repo}/pulls/${number}/reviews`,
      {},
      { limit: 50, cursor },
      (response) => response.json(Reviews),
      ctx,
    );
  for await (const reviews of eachPage({ fetch, maxPages: maxReviewPages, signal: ctx.signal })) {
    for (const { user, state, dismissed } of reviews) {
      if (state !== 'APPROVED' && state !== 'REQUEST_CHANGES') continue;
      if (dismissed) verdicts.delete(loginOf(user));
      else verdicts.set(loginOf(user), state);
    }
  }
  const states = [...verdicts.values()];
  if (states.includes('REQUEST_CHANGES')) return 'changes_requested';
  return states.includes('APPROVED') ? 'approved' : 'pending';
}

async function getPullRequest(input: PullAt, ctx: ActionContext): Promise<PullRequestDetail> {
  const pull = await getPull(input, ctx);
  const found = toPullRequest(pull);
  return {
    ...found,
    reviewStatus: await reviewStatus(input, ctx),
    baseSha: pull.base.sha || null,
    isMergeable: found.state === 'open' ? (pull.mergeable ?? null) : false,
    mergeCommitSha: found.state === 'merged' ? (pull.merge_commit_sha ?? null) : null,
    mergedBy: pull.merged_by?.login ?? null,
    assignees: loginsOf(pull.assignees),
    reviewers: loginsOf(pull.requested_reviewers),
    additions: pull.additions ?? null,
    deletions: pull.deletions ?? null,
    changedFiles: pull.changed_files ?? null,
  };
}

const events = { approve: 'APPROVED', request_changes: 'REQUEST_CHANGES', comment: 'COMMENT' } as const;

/** A remark on a line, as CreatePullReviewComment has it; the positions are line numbers of the file. */
function remark({
  path: file,
  line,
  side = 'new',
  body,
}: {
  path: string;
  line: number;
  side?: 'old' | 'new';
  body: string;
}) {
  return { path: file, body, ...(side === 'new' ? { new_position: line } : { old_position: line }) };
}

async function review(at: PullAt, options: object, ctx: ActionContext) {
  const { owner, repo, number } = at;
  const response = await ctx.http.post(path`/repos/${owner}/${repo}/pulls/${number}/reviews`, { json: options });
  return response.json(ReviewFields);
}

export function pullRequestHandlers(product: GiteaProduct): SourceControlHandlers {
  return {
    'pr.list': async ({ owner, repo, state = 'open', sourceBranch, targetBranch, ...page }, ctx) => {
      const wanted = (pull: PullRequest) =>
        (state === 'all' || pull.state === state) &&
        (sourceBranch === undefined || pull.sourceBranch === sourceBranch.slice(sourceBranch.indexOf(':') + 1)) &&
        (targetBranch === undefined || pull.targetBranch === targetBranch);
      return listPage(
        path`/repos/${owner}/${repo}/pulls`,
        { state: state === 'merged' ? 'closed' : state, [product.targetBranchParameter]: targetBranch },
        page,
        // Merged is told from closed, and the source branch is looked for, here: such pages may hold fewer than were asked for.
        async (response) => {
          const pulls = (await response.json(Pulls)).filter((pull) => isOfFork(pull, sourceBranch));
          return pulls.map(toPullRequest).filter(wanted);
        },
        ctx,
      );
    },
    'pr.get': getPullRequest,
    'pr.create': async ({ owner, repo, title, body, sourceBranch, targetBranch, isDraft = false }, ctx) => {
      const response = await ctx.http.post(path`/repos/${owner}/${repo}/pulls`, {
        json: { title: isDraft ? draftPrefix + title : title, body, head: sourceBranch, base: targetBranch },
      });
      return { ...toPullRequest(await response.json(PullFields)), reviewStatus: 'pending' };
    },
    'pr.review': async ({ owner, repo, number, verdict, body, comments, commitSha }, ctx) => {
      const options = { event: events[verdict], body, commit_id: commitSha, comments: comments?.map(remark) };
      const { id, html_url } = await review({ owner, repo, number }, options, ctx);
      return { id: String(id), verdict, url: html_url ?? null };
    },
    'pr.comment': async ({ owner, repo, number, body, path: file, line, side, commitSha }, ctx) => {
      if (file === undefined || line === undefined) {
        const comments = path`/repos/${owner}/${repo}/issues/${number}/comments`;
        return toComment(await (await ctx.http.post(comments, { json: { body } })).json(CommentFields));
      }
      // A line is remarked on by a review of one comment; the review does not tell the comment, so it is asked for.
      const comments = [remark({ path: file, line, body, ...(side === undefined ? {} : { side }) })];
      const { id } = await review({ owner, repo, number }, { event: 'COMMENT', commit_id: commitSha, comments }, ctx);
      const found = await ctx.http.get(path`/repos/${owner}/${repo}/pulls/${number}/reviews/${id}/comments`);
      const [comment] = await found.json(Comments);
      if (comment === undefined)
        throw new HubError('provider_bad_response', `${product.name} made review ${id}, but lists no comment of it.`);
      return toComment(comment);
    },
    'pr.merge': async ({ owner, repo, number, method = 'merge', commitTitle, commitMessage, expectedHeadSha }, ctx) => {
      const { mergeFields } = product;
      const named = (names: readonly string[], text: string | undefined) =>
        text === undefined ? {} : Object.fromEntries(names.map((name) => [name, text]));
      await ctx.http.post(path`/repos/${owner}/${repo}/pulls/${number}/merge`, {
        json: {
          [mergeFields.method]: method,
          ...named(mergeFields.title, commitTitle),
          ...named(mergeFields.message, commitMessage),
          head_commit_id: expectedHeadSha,
        },
        // A second try after a lost answer would say "not mergeable" of what it merged itself.
        retry: 'never',
      });
      return { merged: true, sha: await mergedAs({ owner, repo, number }, ctx) };
    },
  };
}

/** `owner:branch` names the branch of a fork; a name alone one of any. */
function isOfFork({ head }: Static<typeof PullFields>, sourceBranch: string | undefined): boolean {
  const [fork, branch] = sourceBranch?.split(':') ?? [];
  return branch === undefined || head.repo?.owner?.login === fork;
}

/** The commit, which the answer to a merge does not tell; what was merged stays merged when it cannot be asked for, so no error. */
async function mergedAs(at: PullAt, ctx: ActionContext): Promise<string | null> {
  try {
    return (await getPull(at, ctx)).merge_commit_sha ?? null;
  } catch (error) {
    if (!(error instanceof HubError) || error.code === 'cancelled') throw error;
    ctx.log.warn('The commit of a merge cannot be told', { code: error.code });
    return null;
  }
}
