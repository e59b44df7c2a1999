/**
 * The shapes that every source-control connector shares. Source: Repository, PullRequest, Issue and the options of
 * `ISourceControlAdapter` in the connector interface; fields beyond those are what GitHub, GitLab and Gitea all have.
 */
import { NullableTimestamp, Timestamp } from '@inthub/contracts';
import Type from 'typebox';
import { closed, lacking, nullable, Owner, pageInput, pageOutput, Ref, RepositoryName } from './fields.ts';

const Url = Type.String({ description: 'Page for people.' });
export const Login = Type.String({ minLength: 1, maxLength: 255 });
export const repositoryInput = { owner: Owner, repo: RepositoryName };
export const FilePath = Type.String({
  minLength: 1,
  maxLength: 4096,
  // Relative, and no segment climbs.
  pattern: '^(?!/)(?!(?:.*/)?\\.{1,2}(?:/|$))[^\\x00]+$',
  title: 'Path',
  description: 'Path in the repository, without a leading slash.',
  examples: ['src/main.ts'],
});
export const ItemNumber = Type.Integer({ minimum: 1, maximum: 2_147_483_647, title: 'Number' });
export const Body = Type.String({ maxLength: 1_048_576, title: 'Body', description: 'Markdown of the product.' });

// Repositories

export const Repository = Type.Object({
  id: Type.String(),
  name: Type.String({ description: 'Usable as `repo` of the other actions.' }),
  owner: Type.String({ description: 'Usable as `owner` of the other actions.' }),
  fullName: Type.String(),
  description: nullable(Type.String()),
  url: Url,
  cloneUrl: Type.String({ description: 'HTTPS, without a credential.' }),
  defaultBranch: nullable(Type.String({ description: 'Null where an empty repository has none yet.' })),
  isPrivate: Type.Boolean({ description: 'Not visible to everybody.' }),
  isArchived: Type.Boolean(),
  language: nullable(Type.String()),
  updatedAt: Timestamp,
});
export type Repository = Type.Static<typeof Repository>;
export const RepoListInput = Type.Object(
  {
    owner: Type.Optional({ ...Owner, description: 'Only of this user, organisation or group; default all visible.' }),
    search: Type.Optional(
      Type.String({ minLength: 1, maxLength: 255, title: 'Search', description: 'Part of the name.' }),
    ),
    ...pageInput,
  },
  closed,
);
export const RepoListOutput = pageOutput(Repository);
export const RepoInput = Type.Object(repositoryInput, closed);
export const RepoCloneOutput = Type.Object({
  url: Type.String({ description: 'Ready for git clone; holds a credential when isAuthorised.' }),
  cloneUrl: Type.String({ description: 'The same without a credential.' }),
  isAuthorised: Type.Boolean({
    description: 'False where the product or the credential cannot give a short-lived one: git must bring its own.',
  }),
  expiresAt: nullable({ ...Timestamp, description: 'When the credential in `url` ends.' }),
});
export type RepositoryClone = Type.Static<typeof RepoCloneOutput>;

// Branches, tags, commits

export const Branch = Type.Object({
  name: Type.String(),
  commitSha: Type.String(),
  isProtected: Type.Boolean(),
});
export type Branch = Type.Static<typeof Branch>;
export const BranchListInput = Type.Object({ ...repositoryInput, ...pageInput }, closed);
export const BranchListOutput = pageOutput(Branch);

export const GitTag = Type.Object({
  name: Type.String(),
  commitSha: Type.String({ description: 'The commit, also of an annotated tag.' }),
});
export type GitTag = Type.Static<typeof GitTag>;
export const GitTagListInput = Type.Object({ ...repositoryInput, ...pageInput }, closed);
export const GitTagListOutput = pageOutput(GitTag);

const commitFields = {
  sha: Type.String(),
  message: Type.String(),
  authorName: nullable(Type.String()),
  authorEmail: nullable(Type.String()),
  authoredAt: NullableTimestamp,
  committedAt: NullableTimestamp,
  parents: Type.Array(Type.String()),
  url: Url,
};
export const Commit = Type.Object(commitFields);
export type Commit = Type.Static<typeof Commit>;
export const CommitListInput = Type.Object(
  {
    ...repositoryInput,
    ref: Type.Optional({ ...Ref, description: 'Where to start; default the default branch.' }),
    path: Type.Optional({ ...FilePath, description: 'Only commits that touch this file or folder.' }),
    since: Type.Optional(Timestamp),
    until: Type.Optional(Timestamp),
    ...pageInput,
  },
  closed,
);
export const CommitListOutput = pageOutput(Commit);
export const CommitGetInput = Type.Object({ ...repositoryInput, ref: Ref }, closed);
const CommitFile = Type.Object({
  path: Type.String(),
  previousPath: nullable(Type.String()),
  status: Type.Enum(['added', 'modified', 'removed', 'renamed', 'copied', 'changed', 'unchanged']),
  additions: nullable(Type.Integer({ minimum: 0 })),
  deletions: nullable(Type.Integer({ minimum: 0 })),
});
export const CommitDetail = Type.Object({
  ...commitFields,
  additions: nullable(Type.Integer({ minimum: 0 })),
  deletions: nullable(Type.Integer({ minimum: 0 })),
  files: Type.Array(CommitFile),
  isTruncated: Type.Boolean({ description: 'The product lists no more files of this commit than these.' }),
});
export type CommitDetail = Type.Static<typeof CommitDetail>;

// Files

export const FileGetInput = Type.Object(
  {
    ...repositoryInput,
    path: FilePath,
    ref: Type.Optional({ ...Ref, description: 'Default the default branch.' }),
  },
  closed,
);
export const FileContent = Type.Object({
  path: Type.String(),
  sha: nullable(Type.String({ description: 'Id of the blob.' })),
  sizeBytes: Type.Integer({ minimum: 0 }),
  encoding: Type.Enum(['utf-8', 'base64'], { description: 'base64 when the bytes are not UTF-8 text.' }),
  content: Type.String(),
  url: nullable(Url),
});
export type FileContent = Type.Static<typeof FileContent>;

export const TreeGetInput = Type.Object(
  {
    ...repositoryInput,
    ref: Type.Optional({ ...Ref, description: 'Default the default branch.' }),
    path: Type.Optional({ ...FilePath, description: 'Folder; default the root.' }),
    recursive: Type.Optional(Type.Boolean({ default: false, description: 'Folders below as well.' })),
    ...pageInput,
  },
  closed,
);
export const TreeNode = Type.Object({
  path: Type.String({ description: 'From the root of the repository.' }),
  type: Type.Enum(['file', 'directory', 'submodule', 'symlink']),
  sha: Type.String(),
  sizeBytes: nullable(Type.Integer({ minimum: 0 })),
});
export type TreeNode = Type.Static<typeof TreeNode>;
export const TreeGetOutput = Type.Object({
  items: Type.Array(TreeNode),
  nextCursor: nullable(Type.String()),
  isTruncated: Type.Boolean({ description: 'The product itself leaves out the rest of a tree this large.' }),
});
export type Tree = Type.Static<typeof TreeGetOutput>;

// Search

export const CodeSearchInput = Type.Object(
  {
    query: Type.String({ minLength: 1, maxLength: 1000, title: 'Query', description: "The product's own syntax." }),
    owner: Type.Optional({ ...Owner, description: 'Only here.' }),
    repo: Type.Optional({ ...RepositoryName, description: 'Only here; needs owner.' }),
    ...pageInput,
  },
  { ...closed, anyOf: [{ required: ['owner'] }, lacking('repo')] },
);
export const CodeSearchResult = Type.Object({
  path: Type.String(),
  name: Type.String(),
  repository: Type.String({ description: 'Full name.' }),
  sha: nullable(Type.String()),
  url: nullable(Url),
  fragments: Type.Array(Type.String(), { description: 'Excerpts around the hits, where the product gives them.' }),
});
export type CodeSearchResult = Type.Static<typeof CodeSearchResult>;
export const searchFields = {
  totalCount: nullable(Type.Integer({ minimum: 0 })),
  isIncomplete: Type.Boolean({ description: 'The product gave up early; there may be more hits.' }),
};
export const CodeSearchOutput = Type.Object({
  items: Type.Array(CodeSearchResult),
  nextCursor: nullable(Type.String()),
  ...searchFields,
});

// Commit statuses

export const StatusCreateInput = Type.Object(
  {
    ...repositoryInput,
    sha: Type.String({
      pattern: '^(?:[0-9a-fA-F]{40}|[0-9a-fA-F]{64})$',
      title: 'Commit',
      description: 'Whole commit id.',
    }),
    state: Type.Enum(['pending', 'success', 'failure', 'error'], { title: 'State' }),
    context: Type.String({
      minLength: 1,
      maxLength: 255,
      title: 'Context',
      description: 'Who says so; a status of the same context replaces the one before.',
      examples: ['security/scan'],
    }),
    description: Type.Optional(Type.String({ maxLength: 1000, description: 'Cut to what the product takes.' })),
    targetUrl: Type.Optional(Type.String({ format: 'uri', maxLength: 2048, pattern: '^https?://' })),
  },
  closed,
);
export const CommitStatus = Type.Object({
  id: Type.String(),
  sha: Type.String(),
  state: Type.Enum(['pending', 'success', 'failure', 'error']),
  context: Type.String(),
  description: nullable(Type.String()),
  targetUrl: nullable(Type.String()),
  createdAt: NullableTimestamp,
});
export type CommitStatus = Type.Static<typeof CommitStatus>;

// Webhooks

/** What a webhook may be asked to tell; each product has its own names for them. */
export const webhookTopics = [
  'push',
  'pull_request',
  'issue',
  'comment',
  'ci',
  'status',
  'release',
  'repository',
] as const;
export type WebhookTopic = (typeof webhookTopics)[number];
export const WebhookRegisterInput = Type.Object(
  {
    ...repositoryInput,
    url: Type.String({ format: 'uri', maxLength: 2048, pattern: '^https?://', title: 'URL' }),
    secret: Type.String({
      minLength: 16,
      maxLength: 255,
      title: 'Secret',
      description: 'Signs, or travels with, each delivery.',
    }),
    topics: Type.Optional(
      Type.Array(Type.Enum([...webhookTopics]), {
        minItems: 1,
        uniqueItems: true,
        description: 'Default all that the product has.',
      }),
    ),
  },
  closed,
);
export const WebhookRegisterOutput = Type.Object({
  externalId: Type.String({ description: 'For webhook.remove.' }),
  events: Type.Array(Type.String(), { description: "The product's own names of what it will tell." }),
});
export type WebhookRegistrationResult = Type.Static<typeof WebhookRegisterOutput>;
export const WebhookRemoveInput = Type.Object(
  { ...repositoryInput, externalId: Type.String({ pattern: '^[A-Za-z0-9-]{1,64}$' }) },
  closed,
);
export const WebhookRemoveOutput = Type.Object({
  removed: Type.Boolean({ description: 'False: it was gone already.' }),
});
