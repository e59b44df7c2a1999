/**
 * The fields that are read of a chat completion, an embedding and a model. Source: OpenAI's OpenAPI document 2.3.0,
 * CreateChatCompletionResponse, CreateEmbeddingResponse, Model; what compatible servers leave out is optional here.
 */
import Type from 'typebox';

const text = Type.String();
const optional = <Schema extends Type.TSchema>(schema: Schema) => Type.Optional(Type.Union([schema, Type.Null()]));
const count = Type.Integer({ minimum: 0 });

export const CompletionUsage = Type.Object({
  prompt_tokens: count,
  completion_tokens: Type.Optional(count),
  prompt_tokens_details: optional(Type.Object({ cached_tokens: optional(count), cache_write_tokens: optional(count) })),
  completion_tokens_details: optional(Type.Object({ reasoning_tokens: optional(count) })),
});
export type CompletionUsage = Type.Static<typeof CompletionUsage>;

export const ChatCompletion = Type.Object({
  id: optional(text),
  model: optional(text),
  choices: Type.Array(
    Type.Object({
      finish_reason: optional(text),
      logprobs: optional(Type.Unknown()),
      message: Type.Object({
        content: optional(text),
        refusal: optional(text),
        /** Not OpenAI's own: what DeepSeek, vLLM and others call the thinking. */
        reasoning_content: optional(text),
        tool_calls: optional(
          Type.Array(
            Type.Object({ id: optional(text), function: Type.Object({ name: text, arguments: optional(text) }) }),
            { maxItems: 1024 },
          ),
        ),
      }),
    }),
    { minItems: 1, maxItems: 128 },
  ),
  usage: optional(CompletionUsage),
  system_fingerprint: optional(text),
  service_tier: optional(text),
});
export type ChatCompletion = Type.Static<typeof ChatCompletion>;

export const Embeddings = Type.Object({
  model: optional(text),
  data: Type.Array(
    Type.Object({ index: optional(count), embedding: Type.Array(Type.Number(), { minItems: 1, maxItems: 65_536 }) }),
    { minItems: 1, maxItems: 4096 },
  ),
  usage: optional(CompletionUsage),
});

export const ModelEntry = Type.Object({
  id: Type.String({ minLength: 1, maxLength: 512 }),
  created: optional(Type.Number()),
  owned_by: optional(text),
});
export type ModelEntry = Type.Static<typeof ModelEntry>;
export const ModelList = Type.Object({ data: Type.Array(ModelEntry, { maxItems: 20_000 }) });
