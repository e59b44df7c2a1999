/** The fields that are read. Source: slackapi/slack-api-specs web-api/slack_web_openapi_v2.json at bc08db4, and docs.slack.dev/reference/methods. */
import Type from 'typebox';

const text = Type.String({ maxLength: 100_000 });
const id = Type.String({ minLength: 1, maxLength: 64 });
const optional = <Schema extends Type.TSchema>(schema: Schema) => Type.Optional(Type.Union([schema, Type.Null()]));

/** Every answer, good or bad, comes with status 200. `needed` and `provided` go with `missing_scope`. */
export const Envelope = Type.Object({
  ok: Type.Boolean(),
  error: optional(text),
  needed: optional(text),
  provided: optional(text),
  response_metadata: optional(Type.Object({ messages: optional(Type.Array(text)) })),
});

export const Identity = Type.Object({
  url: text,
  team: text,
  team_id: id,
  user: text,
  user_id: id,
  bot_id: optional(id),
});

const Note = Type.Object({ value: text });
export const Conversation = Type.Object({
  id,
  // Direct conversations have none.
  name: optional(text),
  is_private: optional(Type.Boolean()),
  is_archived: optional(Type.Boolean()),
  is_member: optional(Type.Boolean()),
  num_members: optional(Type.Integer({ minimum: 0 })),
  created: optional(Type.Number()),
  purpose: optional(Note),
  topic: optional(Note),
});
export type Conversation = Type.Static<typeof Conversation>;

export const ConversationList = Type.Object({
  channels: Type.Array(Conversation),
  response_metadata: optional(Type.Object({ next_cursor: optional(text) })),
});
export const ConversationInfo = Type.Object({ channel: Conversation });
export const OpenedConversation = Type.Object({ channel: Type.Object({ id }) });

export const PostedMessage = Type.Object({
  channel: id,
  ts: id,
  message: optional(
    Type.Object({ text: optional(text), user: optional(id), bot_id: optional(id), thread_ts: optional(id) }),
  ),
});
export type PostedMessage = Type.Static<typeof PostedMessage>;
export const DeletedMessage = Type.Object({ channel: id, ts: id });
export const Permalink = Type.Object({ permalink: Type.String({ minLength: 1, maxLength: 2048 }) });

export const FoundUser = Type.Object({
  user: Type.Object({ id, name: text, real_name: optional(text), deleted: optional(Type.Boolean()) }),
});
