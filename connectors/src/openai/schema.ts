/** The fields that are read beside those of the family. Source: OpenAI's OpenAPI document 2.3.0, TokenCountsResource. */
import Type from 'typebox';

export const TokenCounted = Type.Object({ input_tokens: Type.Integer({ minimum: 0 }) });
