/** A fake of OpenAI's API for chat, embeddings and models, shaped by its OpenAPI document 2.3.0. Answers what `modelScript` says. */
import type { Reply, Responder, SentRequest } from './exchange.ts';
import { type ModelScript, modelScript, piecesOf, type ScriptedPrompt, scriptedVectors } from './model-script.ts';

// biome-ignore lint/suspicious/noExplicitAny: a fake reads requests of every shape; the vendor's description checks them.
type Json = any;

export interface FakeOpenAiOptions {
  /** Ids that GET /models lists. Default gpt-4o-mini, gpt-5.4, text-embedding-3-small. */
  readonly models?: readonly string[];
  /** Path before `/chat/completions`; default `/v1`. */
  readonly basePath?: string;
}

const created = 1_760_000_000;

export function createFakeOpenAi({
  models = ['text-embedding-3-small', 'gpt-5.4', 'gpt-4o-mini'],
  basePath = '/v1',
}: FakeOpenAiOptions = {}): Responder {
  return (request) => {
    if (!request.url.pathname.startsWith(`${basePath}/`)) return undefined;
    const path = request.url.pathname.slice(basePath.length);
    const body: Json = request.body === null ? {} : JSON.parse(Buffer.from(request.body).toString());
    if (request.method === 'GET' && path === '/models')
      return { json: { object: 'list', data: models.map(modelEntry) } };
    if (request.method === 'GET' && path.startsWith('/models/')) {
      const id = decodeURIComponent(path.slice('/models/'.length));
      return models.includes(id)
        ? { json: modelEntry(id) }
        : failure(404, 'model_not_found', `The model '${id}' does not exist`);
    }
    if (request.method !== 'POST') return undefined;
    if (path === '/chat/completions') return chat(body, models);
    if (path === '/embeddings') return embeddings(body);
    if (path === '/responses/input_tokens')
      return { json: { object: 'response.input_tokens', input_tokens: countIn(body) } };
    return undefined;
  };
}

/** The body of a streamed answer, event by event. */
export function openAiStream(script: ModelScript, model: string, includeUsage = true): string[] {
  const base = {
    id: 'chatcmpl-1',
    object: 'chat.completion.chunk',
    created,
    model,
    service_tier: 'default',
    system_fingerprint: 'fp_1',
  };
  const event = (choice: object | undefined, more: object = {}) =>
    `data: ${JSON.stringify({ ...base, choices: choice === undefined ? [] : [{ index: 0, logprobs: null, finish_reason: null, ...choice }], ...(includeUsage ? { usage: null } : {}), ...more })}\n\n`;
  const delta = (value: object) => event({ delta: value });
  return [
    delta({ role: 'assistant', content: script.toolCalls.length > 0 ? null : '', refusal: null }),
    ...script.thinking.map((text) => delta({ reasoning_content: text })),
    ...script.text.map((content) => delta({ content })),
    ...script.toolCalls.flatMap((call, index) => [
      delta({ tool_calls: [{ index, id: call.id, type: 'function', function: { name: call.name, arguments: '' } }] }),
      ...(call.arguments.length === 0 ? ['{}'] : call.arguments).map((text) =>
        delta({ tool_calls: [{ index, function: { arguments: text } }] }),
      ),
    ]),
    event({ delta: {}, finish_reason: finishReason(script) }),
    ...(includeUsage ? [event(undefined, { usage: usageOf(script) })] : []),
    'data: [DONE]\n\n',
  ];
}

function chat(body: Json, models: readonly string[]): Reply {
  if (!models.includes(body.model)) return failure(404, 'model_not_found', `The model '${body.model}' does not exist`);
  const script = modelScript(promptOf(body));
  if (body.stream === true) {
    const events = openAiStream(script, body.model, body.stream_options?.include_usage === true);
    return { headers: { 'content-type': 'text/event-stream; charset=utf-8' }, chunks: piecesOf(events) };
  }
  const calls = script.toolCalls.map((call) => ({
    id: call.id,
    type: 'function',
    function: { name: call.name, arguments: call.arguments.join('') || '{}' },
  }));
  return {
    json: {
      id: 'chatcmpl-1',
      object: 'chat.completion',
      created,
      model: body.model,
      service_tier: 'default',
      system_fingerprint: 'fp_1',
      choices: [
        {
          index: 0,
          finish_reason: finishReason(script),
          logprobs: null,
          message: {
            role: 'assistant',
            content: calls.length > 0 ? null : script.text.join(''),
            refusal: null,
            ...(script.thinking.length === 0 ? {} : { reasoning_content: script.thinking.join('') }),
            ...(calls.length === 0 ? {} : { tool_calls: calls }),
          },
        },
      ],
      usage: usageOf(script),
    },
  };
}

function embeddings(body: Json): Reply {
  const texts: string[] = [body.input].flat();
  const data = scriptedVectors(texts, body.dimensions).map((embedding, index) => ({
    object: 'embedding',
    index,
    embedding,
  }));
  // Out of order: the index counts.
  return {
    json: { object: 'list', model: body.model, data: data.reverse(), usage: { prompt_tokens: 8, total_tokens: 8 } },
  };
}

function promptOf({ messages, tools }: Json): ScriptedPrompt {
  const last = messages.at(-1);
  const asked = messages.findLast(({ role }: Json) => role === 'user');
  const parts: Json[] = Array.isArray(asked?.content) ? asked.content : [{ type: 'text', text: asked?.content ?? '' }];
  return {
    text: parts.map(({ type, text }) => (type === 'text' ? text : '')).join(''),
    hasImage: parts.some(({ type }) => type === 'image_url'),
    toolResult: last?.role === 'tool' ? last.content : undefined,
    system: messages.flatMap(({ role, content }: Json) => (role === 'system' ? [content] : [])).join('\n'),
    hasTools: Array.isArray(tools),
  };
}

function countIn({ input, instructions = '' }: Json): number {
  return Math.ceil((JSON.stringify(input).length + instructions.length) / 4);
}

function usageOf({ inputTokens, outputTokens, cachedInputTokens }: ModelScript): object {
  return {
    prompt_tokens: inputTokens,
    completion_tokens: outputTokens,
    total_tokens: inputTokens + outputTokens,
    prompt_tokens_details: { cached_tokens: cachedInputTokens, audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: 0,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  };
}

const finishReasons = {
  end: 'stop',
  stop_sequence: 'stop',
  max_tokens: 'length',
  tool_calls: 'tool_calls',
  content_filter: 'content_filter',
  other: 'stop',
} as const;

function finishReason({ stopReason }: ModelScript): string {
  return finishReasons[stopReason];
}

function modelEntry(id: string): object {
  return { id, object: 'model', created, owned_by: 'system' };
}

function failure(status: number, code: string, message: string): Reply {
  return { status, json: { error: { message, type: 'invalid_request_error', param: null, code } } };
}

/** The request's body, for tests that look into it. */
export function jsonOf(request: SentRequest): Json {
  return JSON.parse(Buffer.from(request.body ?? []).toString());
}
