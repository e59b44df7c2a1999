/** The fields that are read. Source: Jira Cloud's OpenAPI document 1001.0.0 (swagger-v3); Server's v2 has the same with `name` for `accountId`. */
import Type from 'typebox';

const text = Type.String({ maxLength: 200_000 });
const id = Type.String({ minLength: 1, maxLength: 255 });
const optional = <Schema extends Type.TSchema>(schema: Schema) => Type.Optional(Type.Union([schema, Type.Null()]));
const count = Type.Integer({ minimum: 0 });

/** Cloud names users by `accountId`, Server by `name`. */
export const User = Type.Object({ accountId: optional(id), name: optional(id), displayName: optional(text) });
export type User = Type.Static<typeof User>;

export const ServerInfo = Type.Object({
  baseUrl: optional(text),
  version: text,
  deploymentType: optional(text),
});

export const Project = Type.Object({
  id,
  key: id,
  name: text,
  description: optional(text),
  archived: optional(Type.Boolean()),
  lead: optional(User),
});
export type Project = Type.Static<typeof Project>;
export const ProjectPage = Type.Object({ values: Type.Array(Project), isLast: Type.Boolean() });
export const AllProjects = Type.Array(Project);

const Status = Type.Object({
  id,
  name: text,
  statusCategory: optional(Type.Object({ key: optional(text) })),
});
export type Status = Type.Static<typeof Status>;
/** By kind of issue. */
export const ProjectStatuses = Type.Array(Type.Object({ statuses: Type.Array(Status) }));

export const Issue = Type.Object({
  id,
  key: id,
  fields: Type.Object({
    summary: optional(text),
    // ADF at v3, text at v2.
    description: Type.Optional(Type.Unknown()),
    status: Status,
    priority: optional(Type.Object({ name: optional(text) })),
    assignee: optional(User),
    reporter: optional(User),
    labels: optional(Type.Array(text)),
    created: text,
    updated: text,
    duedate: optional(text),
    project: Type.Object({ id, key: id }),
    issuetype: optional(Type.Object({ name: optional(text) })),
    parent: optional(Type.Object({ key: optional(id) })),
    resolution: optional(Type.Object({ name: optional(text) })),
  }),
});
export type Issue = Type.Static<typeof Issue>;

export const TokenPage = Type.Object({ issues: Type.Array(Issue), nextPageToken: optional(text) });
export const CountedPage = Type.Object({ issues: Type.Array(Issue), total: count });
export const CreatedIssue = Type.Object({ id, key: id });
export const IssueLabels = Type.Object({ id, fields: Type.Object({ labels: Type.Array(text) }) });

const Transition = Type.Object({ id, name: text, to: Status });
export type Transition = Type.Static<typeof Transition>;
export const Transitions = Type.Object({ transitions: Type.Array(Transition) });

export const Comment = Type.Object({
  id,
  body: Type.Optional(Type.Unknown()),
  author: optional(User),
  created: text,
  updated: optional(text),
});
export type Comment = Type.Static<typeof Comment>;
export const CommentPage = Type.Object({ comments: Type.Array(Comment), total: count });

export const LabelPage = Type.Object({ values: Type.Array(text), isLast: Type.Boolean() });
export const Suggestions = Type.Object({ results: Type.Array(Type.Object({ value: text })) });

/** Only the address: the id is its last part. */
export const RegisteredWebhook = Type.Object({ self: text });
