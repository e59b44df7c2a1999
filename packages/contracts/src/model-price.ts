import Type from 'typebox';

/** Money for a million tokens, as a decimal: at most 6 places, so that a token costs a whole number of millionths of a micro-unit. */
const PerMillion = Type.String({ pattern: '^(0|[1-9]\\d{0,8})(\\.\\d{1,6})?$', examples: ['2.50'] });
const optional = (description: string) => Type.Optional(Type.Union([PerMillion, Type.Null()], { description }));

/** What a model costs. A class of tokens without a price makes the cost of a call that uses it unknown, never 0. */
export const ModelPrice = Type.Object(
  {
    model: Type.String({ minLength: 1, maxLength: 256, description: 'Id as the provider names it.' }),
    currency: Type.String({ pattern: '^[A-Z]{3}$', examples: ['USD'] }),
    inputPerMillion: PerMillion,
    outputPerMillion: optional('Null for models that write nothing (embeddings).'),
    cachedInputPerMillion: optional('Input read from the provider’s cache.'),
    cacheWritePerMillion: optional('Input written to the provider’s cache.'),
    cacheWrite1hPerMillion: optional('The same, kept for an hour, where that costs more.'),
    upToInputTokens: Type.Optional(
      Type.Union([Type.Integer({ minimum: 1 }), Type.Null()], {
        description: 'The price holds for calls with at most so many input tokens; beyond, the cost is unknown.',
      }),
    ),
    source: Type.String({ minLength: 1, maxLength: 1024, description: 'Where it stands, best a URL.' }),
    asOf: Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}$', description: 'Day on which the source said so.' }),
  },
  { additionalProperties: false },
);
export type ModelPrice = Type.Static<typeof ModelPrice>;
