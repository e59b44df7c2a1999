/** The fields that are read. Source: linear/linear schema.graphql at 8335e09; queries.ts asks for exactly these. */
import Type from 'typebox';

const text = Type.String({ maxLength: 200_000 });
const id = Type.String({ minLength: 1, maxLength: 255 });
const optional = <Schema extends Type.TSchema>(schema: Schema) => Type.Optional(Type.Union([schema, Type.Null()]));

/** What every GraphQL answer is made of (spec.graphql.org §7.1); Linear says in `extensions` what kind of error it is. */
export const Envelope = Type.Object({
  data: optional(Type.Record(Type.String(), Type.Unknown())),
  errors: optional(
    Type.Array(
      Type.Object({
        message: text,
        extensions: optional(
          Type.Object({
            type: optional(text),
            code: optional(text),
            userPresentableMessage: optional(text),
          }),
        ),
      }),
      { maxItems: 1000 },
    ),
  ),
});

const PageInfo = Type.Object({ hasNextPage: Type.Boolean(), endCursor: optional(text) });
const connection = <Node extends Type.TSchema>(node: Node) =>
  Type.Object({ nodes: Type.Array(node), pageInfo: PageInfo });
const payload = <Fields extends Record<string, Type.TSchema>>(fields: Fields) =>
  Type.Object({ success: Type.Boolean(), ...fields });

export const Viewer = Type.Object({
  viewer: Type.Object({ id, name: text }),
  organization: Type.Object({ name: text, urlKey: text }),
});

const Team = Type.Object({
  id,
  key: id,
  name: text,
  description: optional(text),
  archivedAt: optional(text),
});
export type Team = Type.Static<typeof Team>;
export const Teams = Type.Object({ teams: connection(Team) });

const State = Type.Object({ id, name: text, type: text });
export type State = Type.Static<typeof State>;
const States = Type.Object({ nodes: Type.Array(State) });
export const TeamDetail = Type.Object({ team: Type.Object({ ...Team.properties, states: States }) });

const Person = Type.Object({ id, displayName: text });
export const Issue = Type.Object({
  id,
  identifier: id,
  title: text,
  description: optional(text),
  url: text,
  priority: Type.Number(),
  estimate: optional(Type.Number()),
  dueDate: optional(text),
  createdAt: text,
  updatedAt: text,
  state: State,
  assignee: optional(Person),
  creator: optional(Person),
  labels: Type.Object({ nodes: Type.Array(Type.Object({ name: text })) }),
  team: Type.Object({ id, key: id }),
  parent: optional(Type.Object({ identifier: id })),
  project: optional(Type.Object({ name: text })),
  cycle: optional(Type.Object({ number: Type.Number() })),
});
export type Issue = Type.Static<typeof Issue>;
export const Issues = Type.Object({ issues: connection(Issue) });
export const FoundIssues = Type.Object({ searchIssues: connection(Issue) });
export const IssueDetail = Type.Object({
  issue: Type.Object({ ...Issue.properties, team: Type.Object({ id, key: id, states: States }) }),
});
export const CreatedIssue = Type.Object({ issueCreate: payload({ issue: optional(Issue) }) });
export const UpdatedIssue = Type.Object({ issueUpdate: payload({ issue: optional(Issue) }) });
export const LabelledIssue = Type.Object({ issueAddLabel: payload({ issue: optional(Issue) }) });

const Label = Type.Object({
  id,
  name: text,
  description: optional(text),
  color: text,
  team: optional(Type.Object({ id })),
});
export type Label = Type.Static<typeof Label>;
export const Labels = Type.Object({ issueLabels: connection(Label) });

const Comment = Type.Object({
  id,
  body: text,
  createdAt: text,
  updatedAt: text,
  url: optional(text),
  user: optional(Person),
});
export type Comment = Type.Static<typeof Comment>;
export const Comments = Type.Object({ issue: Type.Object({ comments: connection(Comment) }) });
export const CreatedComment = Type.Object({ commentCreate: payload({ comment: Comment }) });

export const CreatedWebhook = Type.Object({ webhookCreate: payload({ webhook: Type.Object({ id }) }) });
export const DeletedWebhook = Type.Object({ webhookDelete: payload({}) });
