/** What the connector reads of GitLab's answers; everything else in them is left alone. Source: GitLab's OpenAPI description, docs.gitlab.com/api. */
import Type, { type TSchema } from 'typebox';

const optionalNull = <Schema extends TSchema>(schema: Schema) => Type.Optional(Type.Union([schema, Type.Null()]));
const Id = Type.Number();
export const User = Type.Object({ id: Id, username: Type.String() });
export const Users = Type.Array(User);
const Text = optionalNull(Type.String());

export const ProjectFields = Type.Object({
  id: Id,
  path: Type.String(),
  path_with_namespace: Type.String(),
  namespace: Type.Optional(Type.Object({ full_path: Type.String() })),
  description: Text,
  web_url: Type.String(),
  http_url_to_repo: Type.String(),
  default_branch: Text,
  visibility: Type.Optional(Type.String()),
  archived: Type.Optional(Type.Boolean()),
  empty_repo: Type.Optional(Type.Boolean()),
  created_at: Text,
  updated_at: Text,
  last_activity_at: Text,
});
export const Projects = Type.Array(ProjectFields);

const Target = Type.Object({ id: Type.String() });
export const Branches = Type.Array(
  Type.Object({ name: Type.String(), commit: Target, protected: Type.Optional(Type.Boolean()) }),
);
export const Tags = Type.Array(Type.Object({ name: Type.String(), commit: Target }));

export const CommitFields = Type.Object({
  id: Type.String(),
  message: Type.String(),
  author_name: Text,
  author_email: Text,
  authored_date: Text,
  committed_date: Text,
  parent_ids: Type.Optional(Type.Array(Type.String())),
  web_url: Type.String(),
});
export const Commits = Type.Array(CommitFields);
export const CommitWithStats = Type.Object({
  ...CommitFields.properties,
  stats: optionalNull(Type.Object({ additions: Type.Integer(), deletions: Type.Integer() })),
});
export const DiffFields = Type.Object({
  old_path: Type.String(),
  new_path: Type.String(),
  new_file: Type.Boolean(),
  renamed_file: Type.Boolean(),
  deleted_file: Type.Boolean(),
  diff: Type.String(),
  collapsed: optionalNull(Type.Boolean()),
  too_large: optionalNull(Type.Boolean()),
});
export const Diffs = Type.Array(DiffFields);

export const FileFields = Type.Object({
  file_path: Type.String(),
  size: Type.Integer(),
  encoding: Type.String(),
  content: Type.String(),
  blob_id: Type.String(),
});
export const Tree = Type.Array(
  Type.Object({ id: Type.String(), path: Type.String(), type: Type.String(), mode: Type.String() }),
);

export const MergeRequestFields = Type.Object({
  id: Id,
  iid: Type.Integer(),
  project_id: Type.Optional(Id),
  title: Type.String(),
  description: Text,
  state: Type.String(),
  author: optionalNull(User),
  source_branch: Type.String(),
  target_branch: Type.String(),
  sha: Text,
  draft: Type.Optional(Type.Boolean()),
  labels: Type.Array(Type.String()),
  created_at: Type.String(),
  updated_at: Type.String(),
  merged_at: Text,
  web_url: Type.String(),
});
export const MergeRequests = Type.Array(MergeRequestFields);
export const DiffRefs = Type.Object({ base_sha: Type.String(), start_sha: Type.String(), head_sha: Type.String() });
export const MergeRequestDetail = Type.Object({
  ...MergeRequestFields.properties,
  merge_user: optionalNull(User),
  merged_by: optionalNull(User),
  assignees: optionalNull(Users),
  reviewers: optionalNull(Users),
  merge_status: Text,
  detailed_merge_status: Text,
  merge_commit_sha: Text,
  squash_commit_sha: Text,
  changes_count: Text,
  diff_refs: optionalNull(DiffRefs),
});
export const Approvals = Type.Object({ approved_by: Type.Array(Type.Object({ user: User })) });
export const Reviewers = Type.Array(Type.Object({ user: User, state: Type.String() }));

export const NoteFields = Type.Object({
  id: Id,
  body: Type.String(),
  author: optionalNull(User),
  created_at: Type.String(),
  updated_at: Type.String(),
  system: Type.Optional(Type.Boolean()),
});
export const Notes = Type.Array(NoteFields);
export const Discussion = Type.Object({ id: Type.String(), notes: Type.Array(NoteFields, { minItems: 1 }) });

export const IssueFields = Type.Object({
  id: Id,
  iid: Type.Integer(),
  title: Type.String(),
  description: Text,
  state: Type.String(),
  author: optionalNull(User),
  assignees: optionalNull(Users),
  labels: Type.Array(Type.String()),
  created_at: Type.String(),
  updated_at: Type.String(),
  web_url: Type.String(),
  references: Type.Optional(Type.Object({ full: Type.String() })),
});
export const Issues = Type.Array(IssueFields);

export const Blobs = Type.Array(
  Type.Object({
    path: Type.Optional(Type.String()),
    filename: Type.String(),
    data: Type.String(),
    ref: Type.String(),
    project_id: Id,
  }),
);
export const StatusFields = Type.Object({
  id: Id,
  sha: Type.String(),
  status: Type.String(),
  name: Type.String(),
  description: Text,
  target_url: Text,
  created_at: Text,
});
export const Statuses = Type.Array(StatusFields);
export const Hook = Type.Object({ id: Type.Union([Id, Type.String()]) });

export const AccessToken = Type.Object({
  name: Type.String(),
  scopes: Type.Array(Type.String()),
  expires_at: Text,
});
export const Metadata = Type.Object({ version: Type.String(), enterprise: Type.Optional(Type.Boolean()) });
export const RunningJob = Type.Object({ id: Id, name: Type.String(), user: optionalNull(User) });
