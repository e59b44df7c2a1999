/** Pull requests and issues: the shapes that every source-control connector shares (GitLab's merge requests are pull requests here). */
import { NullableTimestamp, Timestamp } from '@inthub/contracts';
import Type from 'typebox';
import { closed, lacking, nullable, Owner, pageInput, pageOutput, Ref, RepositoryName } from './fields.ts';
import { Body, FilePath, ItemNumber, Login, repositoryInput, searchFields } from './source-control-schemas.ts';

const Title = Type.String({ minLength: 1, maxLength: 1024, title: 'Title' });
const Labels = Type.Array(Type.String({ minLength: 1, maxLength: 255 }), { maxItems: 100, uniqueItems: true });
const Assignees = Type.Array(Login, { maxItems: 50, uniqueItems: true, description: 'Login names.' });
const Url = Type.String({ description: 'Page for people.' });
const BranchOfFork = { ...Ref, pattern: '^(?!.*\\.\\.)[^\\s~^?*\\[\\\\\\x00-\\x1f\\x7f]+$' };

// Pull requests

const pullRequestFields = {
  id: Type.String(),
  number: ItemNumber,
  title: Type.String(),
  body: Type.String({ description: 'Empty when there is none.' }),
  state: Type.Enum(['open', 'closed', 'merged']),
  author: Type.String({ description: "Login; `ghost` or the product's like for a deleted account." }),
  sourceBranch: Type.String(),
  targetBranch: Type.String(),
  headSha: Type.String({ description: 'Newest commit of the source branch; empty where the product no longer knows.' }),
  isDraft: Type.Boolean(),
  createdAt: Timestamp,
  updatedAt: Timestamp,
  mergedAt: NullableTimestamp,
  reviewStatus: nullable(
    Type.Enum(['pending', 'approved', 'changes_requested'], {
      description: 'Null in lists, where it would cost a request each; pr.get tells.',
    }),
  ),
  labels: Type.Array(Type.String()),
  url: Url,
};
export const PullRequest = Type.Object(pullRequestFields);
export type PullRequest = Type.Static<typeof PullRequest>;
export const PullRequestDetail = Type.Object({
  ...pullRequestFields,
  baseSha: nullable(Type.String()),
  isMergeable: nullable(Type.Boolean({ description: 'Null while the product is still finding out.' })),
  mergeCommitSha: nullable(Type.String({ description: 'Only once merged.' })),
  mergedBy: nullable(Type.String()),
  assignees: Type.Array(Type.String()),
  reviewers: Type.Array(Type.String(), { description: 'Whose review is asked for.' }),
  additions: nullable(Type.Integer({ minimum: 0 })),
  deletions: nullable(Type.Integer({ minimum: 0 })),
  changedFiles: nullable(Type.Integer({ minimum: 0 })),
});
export type PullRequestDetail = Type.Static<typeof PullRequestDetail>;

export const PrListInput = Type.Object(
  {
    ...repositoryInput,
    state: Type.Optional(
      Type.Enum(['open', 'closed', 'merged', 'all'], { default: 'open', description: 'closed: without merging.' }),
    ),
    sourceBranch: Type.Optional({
      ...BranchOfFork,
      description: 'Only from this branch; owner:branch for one of a fork.',
    }),
    targetBranch: Type.Optional({ ...Ref, description: 'Only into this branch.' }),
    ...pageInput,
  },
  closed,
);
export const PrListOutput = pageOutput(PullRequest);
export const PrGetInput = Type.Object({ ...repositoryInput, number: ItemNumber }, closed);
export const PrCreateInput = Type.Object(
  {
    ...repositoryInput,
    title: Title,
    body: Type.Optional(Body),
    sourceBranch: { ...BranchOfFork, title: 'Source branch', description: 'owner:branch for one of a fork.' },
    targetBranch: { ...Ref, title: 'Target branch' },
    isDraft: Type.Optional(Type.Boolean({ default: false })),
  },
  closed,
);

const place = {
  path: FilePath,
  line: Type.Integer({ minimum: 1, title: 'Line', description: 'Of the file, from 1.' }),
  side: Type.Optional(
    Type.Enum(['old', 'new'], { default: 'new', description: 'Which state of the file `line` counts in.' }),
  ),
};
export const PrReviewInput = Type.Object(
  {
    ...repositoryInput,
    number: ItemNumber,
    verdict: Type.Enum(['approve', 'request_changes', 'comment'], { title: 'Verdict' }),
    body: Type.Optional({ ...Body, description: 'Needed to comment or to request changes.' }),
    comments: Type.Optional(
      Type.Array(Type.Object({ ...place, body: { ...Body, minLength: 1 } }, closed), {
        maxItems: 50,
        description: 'On single lines.',
      }),
    ),
    commitSha: Type.Optional(
      Type.String({
        pattern: '^[0-9a-fA-F]{40,64}$',
        description: 'The commit that was reviewed; default the newest.',
      }),
    ),
  },
  {
    ...closed,
    if: { properties: { verdict: { const: 'approve' } } },
    else: { anyOf: [{ required: ['body'] }, { required: ['comments'] }] },
  },
);
export const PrReviewOutput = Type.Object({
  id: nullable(Type.String({ description: 'Null where the product keeps no review as such.' })),
  verdict: Type.Enum(['approve', 'request_changes', 'comment']),
  url: nullable(Url),
});
export type PullRequestReview = Type.Static<typeof PrReviewOutput>;

export const PrCommentInput = Type.Object(
  {
    ...repositoryInput,
    number: ItemNumber,
    body: { ...Body, minLength: 1 },
    path: Type.Optional(place.path),
    line: Type.Optional(place.line),
    side: place.side,
    commitSha: Type.Optional(
      Type.String({
        pattern: '^[0-9a-fA-F]{40,64}$',
        description: 'The commit that `line` counts in; default the newest.',
      }),
    ),
  },
  { ...closed, anyOf: [{ required: ['path', 'line'] }, lacking('path', 'line', 'side')] },
);
export const Comment = Type.Object({
  id: Type.String(),
  body: Type.String(),
  author: Type.String(),
  createdAt: Timestamp,
  updatedAt: Timestamp,
  url: nullable(Url),
});
export type Comment = Type.Static<typeof Comment>;

export const PrMergeInput = Type.Object(
  {
    ...repositoryInput,
    number: ItemNumber,
    method: Type.Optional(Type.Enum(['merge', 'squash', 'rebase'], { default: 'merge', title: 'Method' })),
    commitTitle: Type.Optional(Type.String({ minLength: 1, maxLength: 1024 })),
    commitMessage: Type.Optional(Type.String({ maxLength: 65_536 })),
    expectedHeadSha: Type.Optional(
      Type.String({ pattern: '^[0-9a-fA-F]{40,64}$', description: 'Merge only if this is still the newest commit.' }),
    ),
  },
  closed,
);
export const PrMergeOutput = Type.Object({
  merged: Type.Boolean({ description: 'False: the product has taken it on and merges later.' }),
  sha: nullable(Type.String({ description: 'Commit that the target branch now has.' })),
});
export type MergeResult = Type.Static<typeof PrMergeOutput>;

// Issues

export const Issue = Type.Object({
  id: Type.String(),
  number: ItemNumber,
  title: Type.String(),
  body: Type.String({ description: 'Empty when there is none.' }),
  state: Type.Enum(['open', 'closed']),
  author: Type.String(),
  assignees: Type.Array(Type.String()),
  labels: Type.Array(Type.String()),
  createdAt: Timestamp,
  updatedAt: Timestamp,
  url: Url,
});
export type Issue = Type.Static<typeof Issue>;
export const IssueListInput = Type.Object(
  {
    ...repositoryInput,
    state: Type.Optional(Type.Enum(['open', 'closed', 'all'], { default: 'open' })),
    labels: Type.Optional({ ...Labels, description: 'Only with all of these.' }),
    assignee: Type.Optional({ ...Login, description: 'Only assigned to this login.' }),
    since: Type.Optional({ ...Timestamp, description: 'Only changed at or after this time.' }),
    ...pageInput,
  },
  closed,
);
export const IssueListOutput = pageOutput(Issue);
export const IssueCreateInput = Type.Object(
  {
    ...repositoryInput,
    title: Title,
    body: Type.Optional(Body),
    labels: Type.Optional(Labels),
    assignees: Type.Optional(Assignees),
  },
  closed,
);
export const IssueUpdateInput = Type.Object(
  {
    ...repositoryInput,
    number: ItemNumber,
    title: Type.Optional(Title),
    body: Type.Optional(Body),
    state: Type.Optional(Type.Enum(['open', 'closed'])),
    labels: Type.Optional({ ...Labels, description: 'All that it shall have.' }),
    assignees: Type.Optional({ ...Assignees, description: 'All logins that it shall have.' }),
  },
  { ...closed, minProperties: 4 },
);
export const IssueSearchInput = Type.Object(
  {
    query: Type.String({
      minLength: 1,
      maxLength: 1000,
      title: 'Query',
      description: 'Words to look for; syntax of the product.',
    }),
    owner: Type.Optional({ ...Owner, description: 'Only here.' }),
    repo: Type.Optional({ ...RepositoryName, description: 'Only here; needs owner.' }),
    state: Type.Optional(Type.Enum(['open', 'closed', 'all'], { default: 'all' })),
    ...pageInput,
  },
  { ...closed, anyOf: [{ required: ['owner'] }, lacking('repo')] },
);
export const FoundIssue = Type.Object({
  ...Issue.properties,
  repository: Type.String({ description: 'Full name of the repository.' }),
});
export type FoundIssue = Type.Static<typeof FoundIssue>;
export const IssueSearchOutput = Type.Object({
  items: Type.Array(FoundIssue),
  nextCursor: nullable(Type.String()),
  ...searchFields,
});
