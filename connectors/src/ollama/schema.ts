/** The fields that are read. Source: Ollama's OpenAPI document 0.1.0 (nothing is required there) and its docs/api.md. */
import Type from 'typebox';

const text = Type.String();
const optional = <Schema extends Type.TSchema>(schema: Schema) => Type.Optional(Type.Union([schema, Type.Null()]));
const count = Type.Integer({ minimum: 0 });

export const ChatReply = Type.Object({
  model: optional(text),
  message: Type.Object({
    content: optional(text),
    thinking: optional(text),
    tool_calls: optional(
      Type.Array(
        Type.Object({
          id: optional(text),
          function: Type.Object({ name: text, arguments: optional(Type.Unknown()) }),
        }),
        { maxItems: 1024 },
      ),
    ),
  }),
  done: optional(Type.Boolean()),
  done_reason: optional(text),
  prompt_eval_count: optional(count),
  eval_count: optional(count),
  total_duration: optional(Type.Number()),
  load_duration: optional(Type.Number()),
});
export type ChatReply = Type.Static<typeof ChatReply>;

export const Embedded = Type.Object({
  model: optional(text),
  embeddings: Type.Array(Type.Array(Type.Number(), { minItems: 1, maxItems: 65_536 }), { maxItems: 4096 }),
  prompt_eval_count: optional(count),
});

export const Tag = Type.Object({
  model: optional(text),
  name: Type.String({ minLength: 1, maxLength: 512 }),
  modified_at: optional(text),
  size: optional(Type.Number()),
});
export type Tag = Type.Static<typeof Tag>;
export const Tags = Type.Object({ models: Type.Array(Tag, { maxItems: 10_000 }) });

export const Shown = Type.Object({
  capabilities: optional(Type.Array(text, { maxItems: 100 })),
  details: optional(
    Type.Object({ family: optional(text), parameter_size: optional(text), quantization_level: optional(text) }),
  ),
  /** Holds `<architecture>.context_length`. */
  model_info: optional(Type.Record(text, Type.Unknown())),
  modified_at: optional(text),
});
export type Shown = Type.Static<typeof Shown>;

export const Version = Type.Object({ version: Type.String({ minLength: 1, maxLength: 128 }) });
