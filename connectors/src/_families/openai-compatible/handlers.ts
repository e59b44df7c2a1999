/** The part of OpenAI's API that others serve too: chat, embeddings, models. Source: OpenAI's OpenAPI document 2.3.0. */
import {
  type ActionContext,
  findModelPrice,
  type ModelDefinition,
  type ModelProviderHandlers,
  pricingOf,
  probeAvailability,
  repage,
  requireStreamOf,
} from '@inthub/connector-sdk';
import { HubError } from '@inthub/contracts';
import { countsOf, readAnswer } from './chat-answer.ts';
import { toChatBody } from './chat-request.ts';
import { readChatStream } from './chat-stream.ts';
import { explained } from './errors.ts';
import type { OpenAiProduct } from './product.ts';
import { ChatCompletion, Embeddings, ModelEntry, ModelList } from './schema.ts';

/** As long as the gateway lets any call take: an answer begins late where a model thinks first. */
const answerTimeoutMs = 300_000;
/** Of a whole stream; each delta comes in an envelope twenty times its size. */
const maxStreamBytes = 256 * 1024 * 1024;

export function openAiHandlers(product: OpenAiProduct): Required<Omit<ModelProviderHandlers, 'tokens.count'>> {
  return {
    'model.list': async ({ cursor, limit = 50 }, ctx) => {
      const { items, nextCursor } = await repage({
        cursor,
        limit,
        fetch: async (page) => {
          if (page !== undefined) throw new HubError('invalid_cursor');
          return { items: await listModels(product, ctx), nextCursor: null };
        },
      });
      return { items: items.map((entry) => describeModel(entry, product, ctx)), nextCursor };
    },
    'model.capabilities': async ({ model }, ctx) => {
      const response = await ctx.http.get(`/models/${encodeURIComponent(model)}`, { headers: product.headers(ctx) });
      const entry = await response.json(ModelEntry);
      return {
        ...describeModel(entry, product, ctx),
        providerFields: entry.owned_by == null ? {} : { owned_by: entry.owned_by },
      };
    },
    'chat.complete': async (input, ctx) => {
      const response = await explained(
        ctx.http.post('/chat/completions', {
          json: toChatBody(input, product, false),
          headers: product.headers(ctx),
          timeoutMs: answerTimeoutMs,
        }),
      );
      return readAnswer(await response.json(ChatCompletion), input.model);
    },
    async *'chat.stream'(input, ctx) {
      const response = await explained(
        ctx.http.post('/chat/completions', {
          json: toChatBody(input, product, true),
          headers: product.headers(ctx),
          accept: 'text/event-stream',
          timeoutMs: answerTimeoutMs,
          maxBytes: maxStreamBytes,
          stream: true,
        }),
      );
      requireStreamOf('text/event-stream', response, product.name);
      yield* readChatStream(response.chunks(), { product, asked: input.model });
    },
    'embedding.create': async ({ model, input, dimensions, user, providerOptions }, ctx) => {
      const response = await explained(
        ctx.http.post('/embeddings', {
          json: {
            model,
            input,
            ...(dimensions === undefined ? {} : { dimensions }),
            ...(user === undefined ? {} : { user }),
            ...providerOptions?.[product.id],
            encoding_format: 'float',
          },
          headers: product.headers(ctx),
          timeoutMs: answerTimeoutMs,
          maxBytes: maxStreamBytes,
          idempotent: true, // the same vectors again
        }),
      );
      const answer = await response.json(Embeddings);
      const wanted = typeof input === 'string' ? 1 : input.length;
      const vectors = answer.data.map(({ index, embedding }, at) => ({ index: index ?? at, embedding }));
      vectors.sort((a, b) => a.index - b.index);
      if (vectors.length !== wanted || vectors.some(({ index }, at) => index !== at))
        throw new HubError('provider_bad_response', `The answer does not hold one vector for each of ${wanted} texts.`);
      return {
        model: answer.model || model,
        embeddings: vectors.map(({ embedding }) => embedding),
        usage: answer.usage == null ? null : countsOf(answer.usage),
      };
    },
    'availability.check': (_input, ctx) => probeAvailability(() => listModels(product, ctx), ctx),
  };
}

/** All of them: the API has no pages. In the order of their names, so that pages made here stay the same. */
export async function listModels(product: OpenAiProduct, ctx: ActionContext): Promise<ModelEntry[]> {
  const response = await ctx.http.get('/models', { headers: product.headers(ctx) });
  const { data } = await response.json(ModelList);
  return data.sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
}

/** The API tells nothing of what a model can do. */
function describeModel({ id, created }: ModelEntry, product: OpenAiProduct, ctx: ActionContext): ModelDefinition {
  return {
    id,
    name: id,
    provider: product.id,
    capabilities: null,
    contextWindow: null,
    maxOutputTokens: null,
    pricing: pricingOf(findModelPrice(ctx.modelPrices, id)),
    supportedFeatures: null,
    createdAt: created == null || created <= 0 || created > 8.64e12 ? null : new Date(created * 1000).toISOString(),
  };
}
