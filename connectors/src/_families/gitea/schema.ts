/** What the connector reads of the answers; everything else in them is left alone. Source: Gitea's templates/swagger/v1_json.tmpl. */
import Type, { type TSchema } from 'typebox';

const optionalNull = <Schema extends TSchema>(schema: Schema) => Type.Optional(Type.Union([schema, Type.Null()]));
const Id = Type.Integer();
const User = Type.Object({ login: Type.String() });
const Label = Type.Object({ id: Id, name: Type.String() });

export const Account = Type.Object({ id: Id, login: Type.String() });
export const Version = Type.Object({ version: Type.String() });

export const RepositoryFields = Type.Object({
  id: Id,
  name: Type.String(),
  full_name: Type.String(),
  owner: User,
  private: Type.Boolean(),
  internal: Type.Optional(Type.Boolean()),
  html_url: Type.String(),
  description: optionalNull(Type.String()),
  clone_url: Type.String(),
  default_branch: optionalNull(Type.String()),
  empty: Type.Optional(Type.Boolean()),
  archived: Type.Optional(Type.Boolean()),
  language: optionalNull(Type.String()),
  created_at: optionalNull(Type.String()),
  updated_at: optionalNull(Type.String()),
});
export const Repositories = Type.Array(RepositoryFields);
export const RepositorySearch = Type.Object({ ok: Type.Boolean(), data: Repositories });

export const Branches = Type.Array(
  Type.Object({ name: Type.String(), commit: Type.Object({ id: Type.String() }), protected: Type.Boolean() }),
);
export const Tags = Type.Array(Type.Object({ name: Type.String(), commit: Type.Object({ sha: Type.String() }) }));

const Person = optionalNull(
  Type.Object({
    name: Type.Optional(Type.String()),
    email: Type.Optional(Type.String()),
    date: Type.Optional(Type.String()),
  }),
);
export const CommitFields = Type.Object({
  sha: Type.String(),
  html_url: Type.String(),
  commit: Type.Object({
    message: Type.String(),
    author: Person,
    committer: Person,
    tree: Type.Object({ sha: Type.String() }),
  }),
  parents: optionalNull(Type.Array(Type.Object({ sha: Type.String() }))),
});
export const Commits = Type.Array(CommitFields);
export const CommitWithFiles = Type.Object({
  ...CommitFields.properties,
  stats: optionalNull(Type.Object({ additions: Type.Integer(), deletions: Type.Integer() })),
  files: optionalNull(Type.Array(Type.Object({ filename: Type.String(), status: Type.String() }))),
});

export const ContentEntry = Type.Object({
  path: Type.String(),
  sha: Type.String(),
  type: Type.String(),
  size: Type.Integer(),
  encoding: optionalNull(Type.String()),
  content: optionalNull(Type.String()),
  html_url: optionalNull(Type.String()),
});
export const Content = Type.Union([ContentEntry, Type.Array(Type.Object({ path: Type.String() }))]);
export const GitTree = Type.Object({
  sha: Type.String(),
  truncated: Type.Boolean(),
  tree: optionalNull(
    Type.Array(
      Type.Object({
        path: Type.String(),
        mode: Type.String(),
        type: Type.String(),
        sha: Type.String(),
        size: Type.Optional(Type.Integer()),
      }),
    ),
  ),
});

const Side = Type.Object({
  ref: Type.String(),
  sha: Type.String(),
  label: Type.Optional(Type.String()),
  /** Null once the fork is gone. */
  repo: optionalNull(Type.Object({ owner: optionalNull(User) })),
});
export const PullFields = Type.Object({
  id: Id,
  number: Type.Integer(),
  state: Type.String(),
  title: Type.String(),
  user: optionalNull(User),
  body: optionalNull(Type.String()),
  labels: optionalNull(Type.Array(Label)),
  created_at: Type.String(),
  updated_at: Type.String(),
  merged: Type.Boolean(),
  merged_at: optionalNull(Type.String()),
  head: Side,
  base: Side,
  draft: Type.Optional(Type.Boolean()),
  html_url: Type.String(),
  assignees: optionalNull(Type.Array(User)),
  requested_reviewers: optionalNull(Type.Array(User)),
  mergeable: Type.Optional(Type.Boolean()),
  merge_commit_sha: optionalNull(Type.String()),
  merged_by: optionalNull(User),
  additions: optionalNull(Type.Integer()),
  deletions: optionalNull(Type.Integer()),
  changed_files: optionalNull(Type.Integer()),
});
export const Pulls = Type.Array(PullFields);
export const ReviewFields = Type.Object({
  id: Id,
  user: optionalNull(User),
  state: Type.String(),
  dismissed: Type.Optional(Type.Boolean()),
  html_url: Type.Optional(Type.String()),
});
export const Reviews = Type.Array(ReviewFields);
export const CommentFields = Type.Object({
  id: Id,
  body: optionalNull(Type.String()),
  user: optionalNull(User),
  created_at: Type.String(),
  updated_at: Type.String(),
  html_url: Type.Optional(Type.String()),
});
export const Comments = Type.Array(CommentFields);

export const Labels = Type.Array(Label);
export const IssueFields = Type.Object({
  id: Id,
  number: Type.Integer(),
  state: Type.String(),
  title: Type.String(),
  body: optionalNull(Type.String()),
  user: optionalNull(User),
  assignees: optionalNull(Type.Array(User)),
  labels: optionalNull(Labels),
  created_at: Type.String(),
  updated_at: Type.String(),
  html_url: Type.String(),
  repository: optionalNull(Type.Object({ full_name: Type.String() })),
});
export const Issues = Type.Array(IssueFields);

export const StatusFields = Type.Object({
  id: Id,
  status: Type.String(),
  context: Type.String(),
  description: optionalNull(Type.String()),
  target_url: optionalNull(Type.String()),
  created_at: Type.String(),
});
export const Hook = Type.Object({ id: Id, events: Type.Array(Type.String()) });
