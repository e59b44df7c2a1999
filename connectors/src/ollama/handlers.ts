/** Source: Ollama's OpenAPI document 0.1.0. It counts tokens only while it answers, so there is no tokens.count. */
import {
  type ActionContext,
  findModelPrice,
  type ModelAbility,
  type ModelDefinition,
  type ModelProviderHandlers,
  pricingOf,
  probeAvailability,
  repage,
  requireStreamOf,
  toTimestamp,
} from '@inthub/connector-sdk';
import { HubError } from '@inthub/contracts';
import { readAnswer, readChatStream } from './chat-answer.ts';
import { toChatBody } from './chat-request.ts';
import { ChatReply, Embedded, Shown, type Tag, Tags, Version } from './schema.ts';

/** As long as the gateway lets any call take: a model may have to be loaded first. */
const answerTimeoutMs = 300_000;
const maxStreamBytes = 256 * 1024 * 1024;

export const handlers: ModelProviderHandlers = {
  'model.list': async ({ cursor, limit = 50 }, ctx) => {
    const { items, nextCursor } = await repage({
      cursor,
      limit,
      fetch: async (page) => {
        if (page !== undefined) throw new HubError('invalid_cursor');
        return { items: await listModels(ctx), nextCursor: null };
      },
    });
    return { items: items.map((tag) => describeModel(tag, undefined, ctx)), nextCursor };
  },
  'model.capabilities': async ({ model }, ctx) => {
    const response = await ctx.http.post('/api/show', { json: { model }, idempotent: true });
    const shown = await response.json(Shown);
    if (shown.details == null && shown.model_info == null)
      throw new HubError('provider_bad_response', 'The answer does not describe a model.');
    const { family, parameter_size, quantization_level } = shown.details ?? {};
    return {
      ...describeModel({ name: model, modified_at: shown.modified_at ?? null }, shown, ctx),
      providerFields: {
        ...(family == null ? {} : { family }),
        ...(parameter_size == null ? {} : { parameter_size }),
        ...(quantization_level == null ? {} : { quantization_level }),
      },
    };
  },
  'chat.complete': async (input, ctx) => {
    const response = await ctx.http.post('/api/chat', { json: toChatBody(input, false), timeoutMs: answerTimeoutMs });
    return readAnswer(await response.json(ChatReply), input.model);
  },
  async *'chat.stream'(input, ctx) {
    const response = await ctx.http.post('/api/chat', {
      json: toChatBody(input, true),
      accept: 'application/x-ndjson',
      timeoutMs: answerTimeoutMs,
      maxBytes: maxStreamBytes,
      stream: true,
    });
    requireStreamOf('application/x-ndjson', response, 'Ollama');
    yield* readChatStream(response.chunks(), input.model);
  },
  'embedding.create': async ({ model, input, dimensions, providerOptions }, ctx) => {
    const response = await ctx.http.post('/api/embed', {
      json: { model, input, ...(dimensions === undefined ? {} : { dimensions }), ...providerOptions?.['ollama'] },
      timeoutMs: answerTimeoutMs,
      maxBytes: maxStreamBytes,
      idempotent: true, // the same vectors again
    });
    const { embeddings, prompt_eval_count, model: answeredBy } = await response.json(Embedded);
    const wanted = typeof input === 'string' ? 1 : input.length;
    if (embeddings.length !== wanted)
      throw new HubError('provider_bad_response', `The answer does not hold one vector for each of ${wanted} texts.`);
    return {
      model: answeredBy || model,
      embeddings,
      usage: prompt_eval_count == null ? null : { inputTokens: prompt_eval_count, outputTokens: 0 },
    };
  },
  'availability.check': (_input, ctx) => probeAvailability(() => readVersion(ctx), ctx),
};

export async function readVersion(ctx: ActionContext): Promise<string> {
  return (await (await ctx.http.get('/api/version')).json(Version)).version;
}

/** In the order of their names, so that pages made here stay the same. */
export async function listModels(ctx: ActionContext): Promise<Tag[]> {
  const { models } = await (await ctx.http.get('/api/tags')).json(Tags);
  return models.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

/** Source: model capabilities in ollama/ollama types/model/capability.go. */
const abilities: Readonly<Record<string, ModelAbility>> = {
  completion: 'chat',
  tools: 'function_calling',
  vision: 'vision',
  embedding: 'embedding',
  thinking: 'thinking',
};

function describeModel(
  { name, modified_at }: Pick<Tag, 'name' | 'modified_at'>,
  shown: Shown | undefined,
  ctx: ActionContext,
): ModelDefinition {
  const capabilities = shown?.capabilities?.flatMap((word) => abilities[word] ?? []) ?? null;
  const has = (ability: ModelAbility) => capabilities?.includes(ability) ?? false;
  return {
    id: name,
    name,
    provider: 'ollama',
    capabilities,
    contextWindow: contextOf(shown),
    maxOutputTokens: null,
    // Of the machine's own making; a price is set by whoever pays for it.
    pricing: pricingOf(findModelPrice(ctx.modelPrices, name)),
    supportedFeatures:
      capabilities === null
        ? null
        : {
            streaming: has('chat'),
            functionCalling: has('function_calling'),
            vision: has('vision'),
            thinking: has('thinking'),
            systemPrompt: has('chat'),
          },
    createdAt: toTimestamp(modified_at),
  };
}

function contextOf(shown: Shown | undefined): number | null {
  const [, length] = Object.entries(shown?.model_info ?? {}).find(([key]) => key.endsWith('.context_length')) ?? [];
  return typeof length === 'number' && Number.isSafeInteger(length) && length >= 0 ? length : null;
}
