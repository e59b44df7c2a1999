/** Standard actions of model providers: a connector gives the handlers that its product can serve, the rest is the same everywhere. */
import { type ActionEvent, pageLimits } from '@inthub/contracts';
import Type, { type Static } from 'typebox';
import type { ActionDefinition, AnyAction } from '../action.ts';
import type { Discover } from '../connector.ts';
import type { ActionContext } from '../context.ts';
import { createChatCollector } from './chat-collector.ts';
import { costOfTokens, findModelPrice, type TokenCounts } from './model-cost.ts';
import {
  AvailabilityOutput,
  type ChatDelta,
  ChatInput,
  ChatOutput,
  type ChatRequest,
  type ChatResult,
  EmbeddingInput,
  EmbeddingOutput,
  type EmbeddingRequest,
  type EmbeddingResult,
  ModelCapabilitiesInput,
  ModelCapabilitiesOutput,
  ModelListInput,
  ModelListOutput,
  type ModelUsage,
  TokenCountInput,
  TokenCountOutput,
} from './model-provider-schemas.ts';

/** Long answers take minutes; the gateway's own limit for any call. */
const chatTimeoutMs = 300_000;
const modelListTtlMs = 600_000;

/** Reserved against budgets where the caller names no limit. */
/** Prompts and answers may hold anything, also about people; they belong to no project of the provider. */
const content = { project: null, dataTypes: [], containsPii: true } as const;
const catalogue = { project: null, dataTypes: [], containsPii: false } as const;

const estimate = { tokens: { at: '/maxOutputTokens', otherwise: 4096 } } as const;

/** Everything about the standard actions but the handler. */
export const modelProviderActionSpecs = {
  'model.list': {
    title: 'List models',
    description: 'Models that the credential may use, with what is known of each.',
    input: ModelListInput,
    output: ModelListOutput,
    dataScope: catalogue,
    safe: true,
    cacheTtlMs: modelListTtlMs,
  },
  'model.capabilities': {
    title: 'Describe a model',
    description: 'What one model can do, its limits and its price.',
    input: ModelCapabilitiesInput,
    output: ModelCapabilitiesOutput,
    dataScope: catalogue,
    safe: true,
    cacheTtlMs: modelListTtlMs,
  },
  'chat.complete': {
    title: 'Complete a chat',
    description:
      'The whole answer of a model to a conversation; with tools, images and structured output where the model has them.',
    input: ChatInput,
    output: ChatOutput,
    dataScope: content,
    safe: false,
    timeoutMs: chatTimeoutMs,
    estimate,
  },
  'chat.stream': {
    title: 'Stream a chat',
    description:
      'The same answer as it is written: data events hold {deltas: [...]}, the complete event the whole. Ends early when the reader leaves.',
    input: ChatInput,
    output: ChatOutput,
    dataScope: content,
    safe: false,
    timeoutMs: chatTimeoutMs,
    estimate,
  },
  'embedding.create': {
    title: 'Create embeddings',
    description: 'One vector for each text.',
    input: EmbeddingInput,
    output: EmbeddingOutput,
    dataScope: content,
    safe: true,
    timeoutMs: chatTimeoutMs,
  },
  'tokens.count': {
    title: 'Count tokens',
    description: 'How many input tokens a prompt has, counted by the provider for that model.',
    input: TokenCountInput,
    output: TokenCountOutput,
    dataScope: content,
    safe: true,
  },
  'availability.check': {
    title: 'Check availability',
    description: 'Whether the provider answers now, and how fast.',
    input: Type.Object({}, { additionalProperties: false }),
    output: AvailabilityOutput,
    dataScope: catalogue,
    safe: true,
  },
} as const satisfies Record<string, Omit<ActionDefinition, 'id' | 'run'>>;

export type ModelProviderActionId = keyof typeof modelProviderActionSpecs;
export const modelProviderActionIds = Object.keys(modelProviderActionSpecs) as readonly ModelProviderActionId[];

type Handler<Input, Output> = (input: Input, ctx: ActionContext) => Promise<Output>;
type Plain = Exclude<ModelProviderActionId, 'chat.complete' | 'chat.stream' | 'embedding.create'>;
type Specs = typeof modelProviderActionSpecs;

/** A result as a connector gives it: what was used is counted, not yet priced, and who answered is known. */
export type Counted<Result extends { usage: unknown }> = Omit<Result, 'usage' | 'provider'> & {
  readonly usage: TokenCounts | null;
};
export type CountedDelta =
  | Exclude<ChatDelta, { type: 'usage' }>
  | { readonly type: 'usage'; readonly usage: TokenCounts };

/** What a provider can do; what it cannot is left out. */
export type ModelProviderHandlers = {
  readonly [Id in Plain]?: Handler<Static<Specs[Id]['input']>, Static<Specs[Id]['output']>>;
} & {
  readonly 'chat.complete'?: Handler<ChatRequest, Counted<ChatResult>>;
  /** Batches of deltas, each of what arrived together. Throws when the provider fails, also in the middle. */
  readonly 'chat.stream'?: (input: ChatRequest, ctx: ActionContext) => AsyncIterable<readonly CountedDelta[]>;
  readonly 'embedding.create'?: Handler<EmbeddingRequest, Counted<EmbeddingResult>>;
};

export interface ModelProviderActionsOptions {
  /** Connector id, for `provider` of results. */
  readonly provider: string;
  /** Scopes that the credential needs at the provider, by action. */
  readonly requiredScopes?: Partial<Record<ModelProviderActionId, readonly string[]>>;
}

/**
 * The standard actions for which there is a handler, in the standard order. They price what was used by the integration's price table
 * (`ctx.modelPrices`) and report it.
 */
export function modelProviderActions(
  handlers: ModelProviderHandlers,
  { provider, requiredScopes = {} }: ModelProviderActionsOptions,
): AnyAction[] {
  const complete = handlers['chat.complete'];
  const open = handlers['chat.stream'];
  const embed = handlers['embedding.create'];
  const runs: Readonly<Record<string, AnyAction['run'] | undefined>> = {
    ...(handlers as Record<string, AnyAction['run']>),
    'chat.complete':
      complete && (async (input: ChatRequest, ctx) => settled(await complete(input, ctx), input, provider, ctx)),
    'chat.stream': open && ((input: ChatRequest, ctx) => collectChat(open(input, ctx), input, provider, ctx)),
    'embedding.create':
      embed && (async (input: EmbeddingRequest, ctx) => settled(await embed(input, ctx), input, provider, ctx)),
  };
  return modelProviderActionIds.flatMap((id): AnyAction[] => {
    const run = runs[id];
    if (run === undefined) return [];
    const scopes = requiredScopes[id];
    const action = {
      id,
      ...modelProviderActionSpecs[id],
      ...(scopes === undefined ? {} : { requiredScopes: scopes }),
      run,
    };
    if (id !== 'chat.stream' || open === undefined) return [action];
    return [{ ...action, stream: (input: ChatRequest, ctx) => streamChat(open(input, ctx), input, provider, ctx) }];
  });
}

/** Discovery of `models` by the same handler. */
export function modelProviderDiscovery(handlers: ModelProviderHandlers): Record<string, Discover> {
  const list = handlers['model.list'];
  if (list === undefined) return {};
  return {
    models: async ({ cursor, limit }, ctx) => {
      const bounded = Math.min(Math.max(1, limit), pageLimits.max);
      const { items, nextCursor } = await list({ limit: bounded, ...(cursor === undefined ? {} : { cursor }) }, ctx);
      return {
        items: items.map(({ id, name, ...attributes }) => ({ id, name, type: 'models', attributes })),
        nextCursor,
      };
    },
  };
}

/** The result with its cost, which is reported on the way. */
function settled<Result extends { readonly model: string; readonly usage: TokenCounts | null }>(
  result: Result,
  asked: { readonly model: string },
  provider: string,
  ctx: ActionContext,
): Omit<Result, 'usage'> & { provider: string; usage: ModelUsage | null } {
  const { usage, model } = result;
  // A copy of everything is far quicker than one that leaves out a field.
  if (usage === null) return { ...result, provider, usage };
  const priced = priceUsage(usage, model, asked.model, ctx);
  reportUsage(priced, ctx);
  return { ...result, provider, usage: priced };
}

function priceUsage(
  counts: TokenCounts,
  answeredBy: string,
  asked: string,
  { modelPrices }: ActionContext,
): ModelUsage {
  const price = findModelPrice(modelPrices, answeredBy, asked);
  return {
    inputTokens: counts.inputTokens,
    outputTokens: counts.outputTokens,
    totalTokens: counts.inputTokens + counts.outputTokens,
    cachedInputTokens: counts.cachedInputTokens ?? null,
    cacheWriteTokens: counts.cacheWriteTokens ?? null,
    reasoningTokens: counts.reasoningTokens ?? null,
    cost: price === undefined ? null : costOfTokens(counts, price),
  };
}

function reportUsage({ totalTokens, cost }: ModelUsage, ctx: ActionContext): void {
  ctx.reportUsage(cost === null ? { tokensUsed: totalTokens } : { tokensUsed: totalTokens, cost });
}

/**
 * Prices the counts that come along. What was counted last is reported however the stream ends: a reader that leaves has still
 * used what the provider had counted by then.
 */
async function* pricedDeltas(
  batches: AsyncIterable<readonly CountedDelta[]>,
  { model }: ChatRequest,
  ctx: ActionContext,
): AsyncGenerator<readonly ChatDelta[]> {
  let answeredBy = model;
  let last: ModelUsage | undefined;
  try {
    for await (const deltas of batches) {
      if (deltas.length === 0) continue;
      yield deltas.map((delta) => {
        if (delta.type === 'start') answeredBy = delta.model;
        if (delta.type !== 'usage') return delta;
        last = priceUsage(delta.usage, answeredBy, model, ctx);
        return { type: 'usage', usage: last };
      });
    }
  } finally {
    if (last !== undefined) reportUsage(last, ctx);
  }
}

async function* streamChat(
  batches: AsyncIterable<readonly CountedDelta[]>,
  input: ChatRequest,
  provider: string,
  ctx: ActionContext,
): AsyncGenerator<ActionEvent> {
  const collector = createChatCollector({ model: input.model, provider });
  for await (const deltas of pricedDeltas(batches, input, ctx)) {
    for (const delta of deltas) collector.add(delta);
    yield { type: 'data', chunk: { deltas } };
  }
  yield { type: 'complete', summary: collector.result() };
}

async function collectChat(
  batches: AsyncIterable<readonly CountedDelta[]>,
  input: ChatRequest,
  provider: string,
  ctx: ActionContext,
): Promise<ChatResult> {
  const collector = createChatCollector({ model: input.model, provider });
  for await (const deltas of pricedDeltas(batches, input, ctx)) for (const delta of deltas) collector.add(delta);
  return collector.result();
}
