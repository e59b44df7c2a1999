/**
 * The fields that are read. Source: Anthropic's OpenAPI document 195 (Message, Usage, ModelInfo) and, for what is newer, the types
 * of @anthropic-ai/sdk 1.12.0 (ModelInfo.capabilities, max_input_tokens, max_tokens).
 */
import Type from 'typebox';

const text = Type.String();
const optional = <Schema extends Type.TSchema>(schema: Schema) => Type.Optional(Type.Union([schema, Type.Null()]));
const count = Type.Integer({ minimum: 0 });

export const Usage = Type.Object({
  input_tokens: optional(count),
  output_tokens: optional(count),
  cache_creation_input_tokens: optional(count),
  cache_read_input_tokens: optional(count),
  cache_creation: optional(Type.Object({ ephemeral_1h_input_tokens: optional(count) })),
  service_tier: optional(text),
});
export type Usage = Type.Static<typeof Usage>;

export const AnthropicMessage = Type.Object({
  id: text,
  model: text,
  content: Type.Array(
    Type.Object({
      type: text,
      text: optional(text),
      thinking: optional(text),
      signature: optional(text),
      id: optional(text),
      name: optional(text),
      input: optional(Type.Unknown()),
    }),
    { maxItems: 10_000 },
  ),
  stop_reason: optional(text),
  stop_sequence: optional(text),
  usage: Usage,
});
export type AnthropicMessage = Type.Static<typeof AnthropicMessage>;

const Supported = optional(Type.Object({ supported: Type.Boolean() }));
export const ModelInfo = Type.Object({
  id: Type.String({ minLength: 1, maxLength: 512 }),
  display_name: optional(text),
  created_at: optional(text),
  max_input_tokens: optional(count),
  max_tokens: optional(count),
  lifecycle: optional(text),
  capabilities: optional(Type.Object({ image_input: Supported, thinking: Supported })),
});
export type ModelInfo = Type.Static<typeof ModelInfo>;
export const ModelPage = Type.Object({
  data: Type.Array(ModelInfo, { maxItems: 1000 }),
  has_more: Type.Boolean(),
  last_id: optional(text),
});

export const TokenCounted = Type.Object({ input_tokens: count });
