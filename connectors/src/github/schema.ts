/** What the connector reads of GitHub's answers; everything else in them is left alone. Source: github/rest-api-description. */
import Type, { type TSchema } from 'typebox';

const optionalNull = <Schema extends TSchema>(schema: Schema) => Type.Optional(Type.Union([schema, Type.Null()]));
const nullable = <Schema extends TSchema>(schema: Schema) => Type.Union([schema, Type.Null()]);
const Id = Type.Number();
const User = Type.Object({ login: Type.String() });
const Label = Type.Union([Type.String(), Type.Object({ name: Type.Optional(Type.String()) })]);

export const RepositoryFields = Type.Object({
  id: Id,
  name: Type.String(),
  full_name: Type.String(),
  owner: User,
  private: Type.Boolean(),
  html_url: Type.String(),
  description: optionalNull(Type.String()),
  clone_url: Type.Optional(Type.String()),
  default_branch: optionalNull(Type.String()),
  archived: Type.Optional(Type.Boolean()),
  language: optionalNull(Type.String()),
  created_at: optionalNull(Type.String()),
  updated_at: optionalNull(Type.String()),
});
export const Repositories = Type.Array(RepositoryFields);
export const InstallationRepositories = Type.Object({ repositories: Repositories });
export const RepositorySearch = Type.Object({ items: Repositories });

export const Branches = Type.Array(
  Type.Object({ name: Type.String(), commit: Type.Object({ sha: Type.String() }), protected: Type.Boolean() }),
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
  commit: Type.Object({ message: Type.String(), author: Person, committer: Person }),
  parents: Type.Array(Type.Object({ sha: Type.String() })),
});
export const Commits = Type.Array(CommitFields);
export const CommitWithFiles = Type.Object({
  ...CommitFields.properties,
  stats: Type.Optional(
    Type.Object({ additions: Type.Optional(Type.Number()), deletions: Type.Optional(Type.Number()) }),
  ),
  files: Type.Optional(
    Type.Array(
      Type.Object({
        filename: Type.String(),
        previous_filename: Type.Optional(Type.String()),
        status: Type.String(),
        additions: Type.Number(),
        deletions: Type.Number(),
      }),
    ),
  ),
});

const entry = { sha: Type.String(), size: Type.Number(), path: Type.String(), html_url: optionalNull(Type.String()) };
export const ContentEntry = Type.Object({
  ...entry,
  type: Type.String(),
  encoding: Type.Optional(Type.String()),
  content: Type.Optional(Type.String()),
});
export const Content = Type.Union([ContentEntry, Type.Array(Type.Object({ path: Type.String() }))]);
export const GitTree = Type.Object({
  sha: Type.String(),
  truncated: Type.Boolean(),
  tree: Type.Array(
    Type.Object({
      path: Type.String(),
      mode: Type.String(),
      type: Type.String(),
      sha: Type.String(),
      size: Type.Optional(Type.Number()),
    }),
  ),
});

const Side = Type.Object({ ref: Type.String(), sha: Type.String(), label: optionalNull(Type.String()) });
export const PullFields = Type.Object({
  id: Id,
  number: Type.Integer(),
  state: Type.String(),
  title: Type.String(),
  user: nullable(User),
  body: optionalNull(Type.String()),
  labels: Type.Array(Label),
  created_at: Type.String(),
  updated_at: Type.String(),
  merged_at: optionalNull(Type.String()),
  head: Side,
  base: Side,
  draft: Type.Optional(Type.Boolean()),
  html_url: Type.String(),
  assignees: optionalNull(Type.Array(User)),
  requested_reviewers: optionalNull(Type.Array(User)),
});
export const Pulls = Type.Array(PullFields);
export const PullDetail = Type.Object({
  ...PullFields.properties,
  mergeable: optionalNull(Type.Boolean()),
  merge_commit_sha: optionalNull(Type.String()),
  merged_by: optionalNull(User),
  additions: Type.Optional(Type.Integer()),
  deletions: Type.Optional(Type.Integer()),
  changed_files: Type.Optional(Type.Integer()),
});
export const ReviewFields = Type.Object({
  id: Id,
  user: nullable(User),
  state: Type.String(),
  html_url: Type.Optional(Type.String()),
});
export const Reviews = Type.Array(ReviewFields);
export const Merged = Type.Object({ merged: Type.Boolean(), sha: optionalNull(Type.String()) });
export const CommentFields = Type.Object({
  id: Id,
  body: optionalNull(Type.String()),
  user: nullable(User),
  created_at: Type.String(),
  updated_at: Type.String(),
  html_url: Type.Optional(Type.String()),
});
export const Comments = Type.Array(CommentFields);

export const IssueFields = Type.Object({
  id: Id,
  number: Type.Integer(),
  state: Type.String(),
  title: Type.String(),
  body: optionalNull(Type.String()),
  user: nullable(User),
  assignees: optionalNull(Type.Array(User)),
  labels: Type.Array(Label),
  created_at: Type.String(),
  updated_at: Type.String(),
  html_url: Type.String(),
  repository_url: Type.Optional(Type.String()),
  pull_request: Type.Optional(Type.Unknown()),
});
export const Issues = Type.Array(IssueFields);
const searched = { total_count: Type.Integer(), incomplete_results: Type.Boolean() };
export const IssueSearch = Type.Object({ ...searched, items: Issues });
export const CodeSearch = Type.Object({
  ...searched,
  items: Type.Array(
    Type.Object({
      name: Type.String(),
      path: Type.String(),
      sha: Type.String(),
      html_url: Type.Optional(Type.String()),
      repository: Type.Object({ full_name: Type.String() }),
      text_matches: Type.Optional(Type.Array(Type.Object({ fragment: Type.Optional(Type.String()) }))),
    }),
  ),
});

export const StatusFields = Type.Object({
  id: Id,
  state: Type.String(),
  context: Type.String(),
  description: optionalNull(Type.String()),
  target_url: optionalNull(Type.String()),
  created_at: Type.String(),
});
export const Hook = Type.Object({ id: Id, events: Type.Array(Type.String()) });
export const CheckRunFields = Type.Object({
  id: Id,
  name: Type.String(),
  head_sha: Type.String(),
  status: Type.String(),
  conclusion: nullable(Type.String()),
  external_id: optionalNull(Type.String()),
  html_url: optionalNull(Type.String()),
  output: Type.Object({ annotations_count: Type.Optional(Type.Integer()) }),
});
export const CheckRuns = Type.Object({ check_runs: Type.Array(CheckRunFields) });

export const Account = Type.Object({ login: Type.String(), id: Id, type: Type.Optional(Type.String()) });
export const App = Type.Object({
  slug: Type.Optional(Type.String()),
  name: Type.String(),
  permissions: Type.Record(Type.String(), Type.String()),
  events: Type.Array(Type.String()),
});
export const Installations = Type.Array(
  Type.Object({ id: Id, account: nullable(Type.Object({ login: Type.Optional(Type.String()) })) }),
);
export const InstallationToken = Type.Object({ token: Type.String(), expires_at: Type.String() });
export const Meta = Type.Object({
  verifiable_password_authentication: Type.Boolean(),
  installed_version: Type.Optional(Type.String()),
});
