/** Source: Anthropic's OpenAPI document 195: /v1/messages, /v1/messages/count_tokens, /v1/models. There are no embeddings. */
import {
  type ActionContext,
  decodeCursor,
  encodeCursor,
  findModelPrice,
  type ModelDefinition,
  type ModelProviderHandlers,
  pricingOf,
  probeAvailability,
  requireStreamOf,
  toTimestamp,
} from '@inthub/connector-sdk';
import { HubError } from '@inthub/contracts';
import Type from 'typebox';
import { readAnswer } from './chat-answer.ts';
import { toMessageBody, toPrompt } from './chat-request.ts';
import { readMessageStream } from './chat-stream.ts';
import { explained } from './errors.ts';
import { AnthropicMessage, ModelInfo, ModelPage, TokenCounted } from './schema.ts';

/** The API's version, which never changes what it means. */
const headers = { 'anthropic-version': '2023-06-01' };
/** As long as the gateway lets any call take: an answer begins late where a model thinks first. */
const answerTimeoutMs = 300_000;
const maxStreamBytes = 256 * 1024 * 1024;
const Position = Type.Object({ after: Type.String({ minLength: 1, maxLength: 512 }) }, { additionalProperties: false });

export const handlers: ModelProviderHandlers = {
  'model.list': async ({ cursor, limit = 50 }, ctx) => {
    const after = cursor === undefined ? undefined : decodeCursor(Position, cursor).after;
    const { data, has_more, last_id } = await listModels({ limit, after }, ctx);
    const last = last_id ?? data.at(-1)?.id;
    if (has_more && (last === undefined || last === after))
      throw new HubError('provider_bad_response', 'The provider handed out the same page twice.');
    return {
      items: data.map((info) => describeModel(info, ctx)),
      nextCursor: has_more && last !== undefined ? encodeCursor({ after: last }) : null,
    };
  },
  'model.capabilities': async ({ model }, ctx) => {
    const response = await ctx.http.get(`/v1/models/${encodeURIComponent(model)}`, { headers });
    const info = await response.json(ModelInfo);
    return {
      ...describeModel(info, ctx),
      providerFields: info.lifecycle == null ? {} : { lifecycle: info.lifecycle },
    };
  },
  'chat.complete': async (input, ctx) => {
    const response = await explained(
      ctx.http.post('/v1/messages', { json: toMessageBody(input, false), headers, timeoutMs: answerTimeoutMs }),
    );
    return readAnswer(await response.json(AnthropicMessage));
  },
  async *'chat.stream'(input, ctx) {
    const response = await explained(
      ctx.http.post('/v1/messages', {
        json: toMessageBody(input, true),
        headers,
        accept: 'text/event-stream',
        timeoutMs: answerTimeoutMs,
        maxBytes: maxStreamBytes,
        stream: true,
      }),
    );
    requireStreamOf('text/event-stream', response, 'Anthropic');
    yield* readMessageStream(response.chunks(), input.model);
  },
  'tokens.count': async ({ model, content, messages = [], system, tools }, ctx) => {
    const prompt = {
      model,
      messages: content === undefined ? messages : [...messages, { role: 'user' as const, content }],
      ...(system === undefined ? {} : { system }),
      ...(tools === undefined ? {} : { tools }),
    };
    const response = await explained(
      ctx.http.post('/v1/messages/count_tokens', { json: toPrompt(prompt), headers, idempotent: true }),
    );
    return { model, inputTokens: (await response.json(TokenCounted)).input_tokens };
  },
  'availability.check': (_input, ctx) => probeAvailability(() => listModels({ limit: 1 }, ctx), ctx),
};

export async function listModels({ limit, after }: { limit: number; after?: string | undefined }, ctx: ActionContext) {
  const response = await ctx.http.get('/v1/models', { query: { limit, after_id: after }, headers });
  return response.json(ModelPage);
}

/** Every model of this API chats, takes a system prompt, tools and streams; the rest it says itself, on newer versions. */
function describeModel(info: ModelInfo, ctx: ActionContext): ModelDefinition {
  const { capabilities } = info;
  const vision = capabilities?.image_input?.supported;
  const thinking = capabilities?.thinking?.supported;
  const isKnown = vision !== undefined && thinking !== undefined;
  return {
    id: info.id,
    name: info.display_name || info.id,
    provider: 'anthropic',
    capabilities: isKnown
      ? [
          'chat',
          'function_calling',
          ...(vision ? (['vision'] as const) : []),
          ...(thinking ? (['thinking'] as const) : []),
        ]
      : null,
    contextWindow: info.max_input_tokens ?? null,
    maxOutputTokens: info.max_tokens ?? null,
    pricing: pricingOf(findModelPrice(ctx.modelPrices, info.id)),
    supportedFeatures: isKnown
      ? { streaming: true, functionCalling: true, vision, thinking, systemPrompt: true }
      : null,
    createdAt: toTimestamp(info.created_at),
  };
}
