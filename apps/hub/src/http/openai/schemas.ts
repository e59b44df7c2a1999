/**
 * What of OpenAI's API the hub takes in, so that its SDKs work with the hub's address and key. Source: OpenAI's OpenAPI document 2.3.0,
 * CreateChatCompletionRequest, CreateEmbeddingRequest. Fields that are not named here are handed on to OpenAI itself.
 */
import Type from 'typebox';

const open = { additionalProperties: true };
const nullable = <Schema extends Type.TSchema>(schema: Schema) => Type.Optional(Type.Union([schema, Type.Null()]));
const Parts = Type.Array(Type.Object({ type: Type.String() }, open), { maxItems: 1000 });

const Message = Type.Object(
  {
    role: Type.Enum(['developer', 'system', 'user', 'assistant', 'tool']),
    content: nullable(Type.Union([Type.String(), Parts])),
    tool_calls: nullable(
      Type.Array(
        Type.Object(
          {
            id: Type.String({ maxLength: 256 }),
            type: Type.Optional(Type.Literal('function')),
            function: Type.Object(
              { name: Type.String({ minLength: 1, maxLength: 256 }), arguments: Type.String() },
              open,
            ),
          },
          open,
        ),
        { maxItems: 256 },
      ),
    ),
    tool_call_id: Type.Optional(Type.String({ minLength: 1, maxLength: 256 })),
  },
  open,
);

const Tool = Type.Object(
  {
    type: Type.Literal('function'),
    function: Type.Object(
      {
        name: Type.String({ pattern: '^[A-Za-z0-9_-]{1,128}$' }),
        description: Type.Optional(Type.String({ maxLength: 65_536 })),
        parameters: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
      },
      open,
    ),
  },
  open,
);

const ModelName = Type.String({
  minLength: 1,
  maxLength: 400,
  description: 'Alias of a model route, or <integration name>/<model>.',
  examples: ['main-openai/gpt-5.4-mini', 'fast'],
});

export const ChatCompletionBody = Type.Object(
  {
    model: ModelName,
    messages: Type.Array(Message, { minItems: 1, maxItems: 10_000 }),
    stream: nullable(Type.Boolean()),
    stream_options: nullable(Type.Object({ include_usage: nullable(Type.Boolean()) }, open)),
    max_completion_tokens: nullable(Type.Integer({ minimum: 1, maximum: 10_000_000 })),
    max_tokens: nullable(Type.Integer({ minimum: 1, maximum: 10_000_000 })),
    temperature: nullable(Type.Number({ minimum: 0, maximum: 2 })),
    top_p: nullable(Type.Number({ minimum: 0, maximum: 1 })),
    n: nullable(Type.Integer({ minimum: 1, maximum: 1 })),
    stop: nullable(Type.Union([Type.String(), Type.Array(Type.String({ minLength: 1 }), { maxItems: 64 })])),
    tools: nullable(Type.Array(Tool, { maxItems: 512 })),
    tool_choice: nullable(
      Type.Union([
        Type.Enum(['auto', 'none', 'required']),
        Type.Object({ type: Type.Literal('function'), function: Type.Object({ name: Type.String() }) }),
      ]),
    ),
    response_format: nullable(
      Type.Object(
        {
          type: Type.Enum(['text', 'json_object', 'json_schema']),
          json_schema: Type.Optional(
            Type.Object(
              {
                name: Type.Optional(Type.String({ pattern: '^[A-Za-z0-9_-]{1,64}$' })),
                schema: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
                strict: nullable(Type.Boolean()),
              },
              open,
            ),
          ),
        },
        open,
      ),
    ),
    user: nullable(Type.String({ maxLength: 256 })),
    provider_options: nullable(
      Type.Record(Type.String({ maxLength: 64 }), Type.Record(Type.String(), Type.Unknown()), {
        description: 'The hub’s own: fields for one provider alone, by connector id.',
      }),
    ),
  },
  open,
);
export type ChatCompletionBody = Type.Static<typeof ChatCompletionBody>;

export const EmbeddingBody = Type.Object(
  {
    model: ModelName,
    input: Type.Union([
      Type.String({ minLength: 1 }),
      Type.Array(Type.String({ minLength: 1 }), { minItems: 1, maxItems: 2048 }),
    ]),
    encoding_format: nullable(Type.Enum(['float', 'base64'])),
    dimensions: nullable(Type.Integer({ minimum: 1, maximum: 65_536 })),
    user: nullable(Type.String({ maxLength: 256 })),
  },
  open,
);
export type EmbeddingBody = Type.Static<typeof EmbeddingBody>;

/** Answers are written by hand; see OpenAI's reference for their form. */
export const OpenAiAnswer = Type.Object({ object: Type.String() }, { additionalProperties: true });
