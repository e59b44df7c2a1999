/** The shapes that every model provider shares (source: ModelDefinition and the chat, embedding and token methods of the adapter interface). */
import { Money, NullableTimestamp } from '@inthub/contracts';
import Type from 'typebox';

const closed = { additionalProperties: false };
const nullable = <Schema extends Type.TSchema>(schema: Schema) => Type.Union([schema, Type.Null()]);
const Count = Type.Integer({ minimum: 0 });
const longText = 8 * 1024 * 1024;

const ModelId = Type.String({
  minLength: 1,
  maxLength: 256,
  pattern: '^[^\\p{Cc}\\s][^\\p{Cc}]*$',
  title: 'Model',
  description: 'Id as the provider names it; model.list shows them.',
});
const Text = Type.String({ maxLength: longText });

/** Fields of the product's own, by connector id: what the uniform request has no word for. Only the integration's own entry is sent. */
const ProviderOptions = Type.Record(Type.String({ maxLength: 64 }), Type.Record(Type.String(), Type.Unknown()), {
  title: 'Provider options',
  description: 'By connector id, for example {"anthropic": {"top_k": 5}}: laid over the request as it goes out.',
});

/** A part of a message. `text` for text and thinking; `url` or `data` with `mediaType` for an image. */
const ContentPart = Type.Object(
  {
    type: Type.Enum(['text', 'image', 'thinking']),
    text: Type.Optional(Text),
    url: Type.Optional(Type.String({ maxLength: 8192, pattern: '^https?://' })),
    data: Type.Optional(Type.String({ maxLength: longText, description: 'Base64.' })),
    mediaType: Type.Optional(Type.String({ pattern: '^image/[a-z0-9.+-]{1,64}$' })),
    signature: Type.Optional(
      Type.String({ maxLength: 65_536, description: 'Of a thinking part, exactly as it was received.' }),
    ),
  },
  closed,
);
export type ChatContentPart = Type.Static<typeof ContentPart>;

const ToolCall = Type.Object(
  {
    id: Type.String({ maxLength: 256 }),
    name: Type.String({ minLength: 1, maxLength: 256 }),
    arguments: Type.String({ maxLength: longText, description: 'JSON text, as the model wrote it.' }),
  },
  closed,
);
export type ChatToolCall = Type.Static<typeof ToolCall>;

const Message = Type.Object(
  {
    role: Type.Enum(['system', 'user', 'assistant', 'tool']),
    content: Type.Optional(Type.Union([Text, Type.Array(ContentPart, { maxItems: 1000 })])),
    toolCalls: Type.Optional(
      Type.Array(ToolCall, { maxItems: 256, description: 'Of an assistant message: what the model asked for.' }),
    ),
    toolCallId: Type.Optional(
      Type.String({ minLength: 1, maxLength: 256, description: 'Of a tool message: the call that it answers.' }),
    ),
  },
  closed,
);
export type ChatMessage = Type.Static<typeof Message>;

const Tool = Type.Object(
  {
    name: Type.String({ pattern: '^[A-Za-z0-9_-]{1,128}$' }),
    description: Type.Optional(Type.String({ maxLength: 65_536 })),
    parameters: Type.Record(Type.String(), Type.Unknown(), { description: 'JSON Schema of the arguments.' }),
  },
  closed,
);

const promptFields = {
  messages: Type.Array(Message, { minItems: 1, maxItems: 10_000 }),
  system: Type.Optional({ ...Text, description: 'System prompt; put before system messages.' }),
  tools: Type.Optional(Type.Array(Tool, { maxItems: 512 })),
};

export const ChatInput = Type.Object(
  {
    model: ModelId,
    ...promptFields,
    toolChoice: Type.Optional(
      Type.Union([
        Type.Enum(['auto', 'none', 'required']),
        Type.Object({ name: Type.String({ minLength: 1, maxLength: 128 }) }, closed),
      ]),
    ),
    maxOutputTokens: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000_000 })),
    temperature: Type.Optional(Type.Number({ minimum: 0, maximum: 2 })),
    topP: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })),
    stop: Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 1024 }), { maxItems: 64 })),
    responseFormat: Type.Optional(
      Type.Object(
        {
          type: Type.Enum(['text', 'json', 'json_schema']),
          name: Type.Optional(Type.String({ pattern: '^[A-Za-z0-9_-]{1,64}$' })),
          schema: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
          strict: Type.Optional(Type.Boolean()),
        },
        closed,
      ),
    ),
    user: Type.Optional(
      Type.String({ maxLength: 256, description: 'Opaque id of the end user, for the provider’s abuse detection.' }),
    ),
    providerOptions: Type.Optional(ProviderOptions),
  },
  closed,
);
export type ChatRequest = Type.Static<typeof ChatInput>;

/**
 * `end`: the model was done. `max_tokens`: the limit, or the context, was reached. `tool_calls`: it waits for results. `stop_sequence`:
 * one of `stop` came up (products that do not tell it apart say `end`). `content_filter`: refused or cut by a filter.
 */
export const stopReasons = ['end', 'max_tokens', 'tool_calls', 'stop_sequence', 'content_filter', 'other'] as const;
export type StopReason = (typeof stopReasons)[number];

/** All input counts into `inputTokens`, read from a cache or not; null where the product does not tell. */
const Usage = Type.Object({
  inputTokens: Count,
  outputTokens: Count,
  totalTokens: Count,
  cachedInputTokens: nullable({ ...Count, description: 'Part of inputTokens that was read from a cache.' }),
  cacheWriteTokens: nullable({ ...Count, description: 'Part of inputTokens that was written to a cache.' }),
  reasoningTokens: nullable({ ...Count, description: 'Part of outputTokens that is not shown.' }),
  cost: nullable({ ...Money, description: 'Null where no price is known; never a guess.' }),
});
export type ModelUsage = Type.Static<typeof Usage>;

export const ChatOutput = Type.Object({
  id: nullable(Type.String()),
  model: Type.String({ description: 'The model that answered, as the provider names it.' }),
  provider: Type.String({ description: 'Connector id.' }),
  content: Type.String(),
  thinking: nullable(Type.String()),
  thinkingParts: Type.Array(ContentPart, {
    description: 'Thinking with its signatures; send it back as parts of the assistant message when tools go on.',
  }),
  toolCalls: Type.Array(ToolCall),
  stopReason: Type.Enum([...stopReasons]),
  providerStopReason: nullable(Type.String()),
  usage: nullable(Usage),
  providerFields: Type.Record(Type.String(), Type.Unknown(), {
    description: 'What else the provider said, in its own words.',
  }),
});
export type ChatResult = Type.Static<typeof ChatOutput>;

/**
 * One piece of a streamed answer. A `data` event carries `{deltas: [...]}`: the pieces that arrived together. A tool call's `id` and
 * `name` come in its first piece; its arguments are to be joined. `usage` comes at the end, where the product tells it.
 */
export type ChatDelta =
  | { readonly type: 'start'; readonly id: string | null; readonly model: string }
  | { readonly type: 'text'; readonly text: string; readonly logprobs?: unknown }
  | { readonly type: 'thinking'; readonly text: string }
  | { readonly type: 'thinking_end'; readonly signature: string | null }
  | {
      readonly type: 'tool_call';
      readonly index: number;
      readonly id?: string;
      readonly name?: string;
      readonly arguments?: string;
    }
  | { readonly type: 'stop'; readonly stopReason: StopReason; readonly providerStopReason: string | null }
  | { readonly type: 'usage'; readonly usage: ModelUsage }
  | { readonly type: 'provider'; readonly fields: Readonly<Record<string, unknown>> };

export const modelAbilities = ['chat', 'completion', 'embedding', 'vision', 'function_calling', 'thinking'] as const;
export type ModelAbility = (typeof modelAbilities)[number];

/** Prices are per thousand tokens here, as the adapter interface has it; `ModelPrice` holds them per million. */
const Pricing = Type.Object({
  inputPer1kTokens: Type.Number(),
  outputPer1kTokens: nullable(Type.Number()),
  currency: Type.String(),
  source: Type.String(),
  asOf: Type.String({ description: 'Day on which the source said so.' }),
});

const ModelFields = {
  id: Type.String(),
  name: Type.String(),
  provider: Type.String({ description: 'Connector id.' }),
  capabilities: nullable(
    Type.Array(Type.Enum([...modelAbilities]), { description: 'Null where the provider does not tell.' }),
  ),
  contextWindow: nullable(Count),
  maxOutputTokens: nullable(Count),
  pricing: nullable(Pricing),
  supportedFeatures: nullable(
    Type.Object({
      streaming: Type.Boolean(),
      functionCalling: Type.Boolean(),
      vision: Type.Boolean(),
      thinking: Type.Boolean(),
      systemPrompt: Type.Boolean(),
    }),
  ),
  createdAt: NullableTimestamp,
};
export const ModelDefinition = Type.Object(ModelFields);
export type ModelDefinition = Type.Static<typeof ModelDefinition>;

export const ModelListInput = Type.Object(
  {
    cursor: Type.Optional(
      Type.String({ minLength: 1, maxLength: 2048, description: 'nextCursor of the page before.' }),
    ),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, default: 50 })),
  },
  closed,
);
export const ModelListOutput = Type.Object({ items: Type.Array(ModelDefinition), nextCursor: nullable(Type.String()) });

export const ModelCapabilitiesInput = Type.Object({ model: ModelId }, closed);
export const ModelCapabilitiesOutput = Type.Object({
  ...ModelFields,
  providerFields: Type.Record(Type.String(), Type.Unknown()),
});
export type ModelDetails = Type.Static<typeof ModelCapabilitiesOutput>;

export const EmbeddingInput = Type.Object(
  {
    model: ModelId,
    input: Type.Union([
      Type.String({ minLength: 1, maxLength: longText }),
      Type.Array(Type.String({ minLength: 1, maxLength: longText }), { minItems: 1, maxItems: 2048 }),
    ]),
    dimensions: Type.Optional(Type.Integer({ minimum: 1, maximum: 65_536 })),
    user: Type.Optional(Type.String({ maxLength: 256 })),
    providerOptions: Type.Optional(ProviderOptions),
  },
  closed,
);
export type EmbeddingRequest = Type.Static<typeof EmbeddingInput>;
export const EmbeddingOutput = Type.Object({
  model: Type.String(),
  provider: Type.String(),
  embeddings: Type.Array(Type.Array(Type.Number()), { description: 'In the order of the input.' }),
  usage: nullable(Usage),
});
export type EmbeddingResult = Type.Static<typeof EmbeddingOutput>;

export const TokenCountInput = Type.Object(
  { model: ModelId, content: Type.Optional(Text), ...promptFields, messages: Type.Optional(promptFields.messages) },
  { ...closed, anyOf: [{ required: ['content'] }, { required: ['messages'] }] },
);
export type TokenCountRequest = Type.Static<typeof TokenCountInput>;
export const TokenCountOutput = Type.Object({
  model: Type.String(),
  inputTokens: { ...Count, description: 'As the provider itself counts them.' },
});
export type TokenCount = Type.Static<typeof TokenCountOutput>;

export const AvailabilityOutput = Type.Object({
  available: Type.Boolean(),
  latencyMs: Type.Number({ minimum: 0 }),
  reason: nullable(Type.String({ description: 'Error code, when it is not available.' })),
});
export type Availability = Type.Static<typeof AvailabilityOutput>;
