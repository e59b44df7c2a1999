/** A fake of Anthropic's Messages API, shaped by its OpenAPI document 195. Answers what `modelScript` says. */
import type { Reply, Responder } from './exchange.ts';
import { type ModelScript, modelScript, piecesOf, type ScriptedPrompt } from './model-script.ts';

// biome-ignore lint/suspicious/noExplicitAny: a fake reads requests of every shape; the vendor's description checks them.
type Json = any;

const created_at = '2026-07-24T00:00:00Z';

export function createFakeAnthropic(
  models: readonly string[] = ['claude-opus-5', 'claude-sonnet-5', 'claude-haiku-4-5'],
): Responder {
  return (request) => {
    const { pathname, searchParams } = request.url;
    if (!/^\d{4}-\d{2}-\d{2}$/.test(request.headers['anthropic-version'] ?? ''))
      return failure(400, 'invalid_request_error', 'anthropic-version: header is required');
    const body: Json = request.body === null ? {} : JSON.parse(Buffer.from(request.body).toString());
    if (request.method === 'GET' && pathname === '/v1/models') return list(models, searchParams);
    if (request.method === 'GET' && pathname.startsWith('/v1/models/')) {
      const id = decodeURIComponent(pathname.slice('/v1/models/'.length));
      return models.includes(id) ? { json: entry(id) } : failure(404, 'not_found_error', `model: ${id}`);
    }
    if (request.method !== 'POST') return undefined;
    if (pathname === '/v1/messages/count_tokens')
      return { json: { input_tokens: Math.ceil(JSON.stringify([body.messages, body.system ?? '']).length / 4) } };
    if (pathname !== '/v1/messages') return undefined;
    if (!models.includes(body.model)) return failure(404, 'not_found_error', `model: ${body.model}`);
    const script = modelScript(promptOf(body));
    if (body.stream !== true) return { json: message(script, body.model) };
    return {
      headers: { 'content-type': 'text/event-stream; charset=utf-8' },
      chunks: piecesOf(anthropicStream(script, body.model)),
    };
  };
}

/** The body of a streamed answer, event by event. */
export function anthropicStream(script: ModelScript, model: string): string[] {
  const event = (type: string, value: object) => `event: ${type}\ndata: ${JSON.stringify({ type, ...value })}\n\n`;
  let index = -1;
  const block = (content_block: object, deltas: readonly object[]) => {
    index += 1;
    return [
      event('content_block_start', { index, content_block }),
      ...deltas.map((delta) => event('content_block_delta', { index, delta })),
      event('content_block_stop', { index }),
    ];
  };
  return [
    event('message_start', {
      message: {
        ...message(script, model),
        content: [],
        stop_reason: null,
        usage: { ...usageOf(script), output_tokens: 1 },
      },
    }),
    event('ping', {}),
    ...(script.thinking.length === 0
      ? []
      : block({ type: 'thinking', thinking: '', signature: '' }, [
          ...script.thinking.map((thinking) => ({ type: 'thinking_delta', thinking })),
          { type: 'signature_delta', signature: 'c2lnbmVk' },
        ])),
    ...(script.text.length === 0
      ? []
      : block(
          { type: 'text', text: '', citations: null },
          script.text.map((text) => ({ type: 'text_delta', text })),
        )),
    ...script.toolCalls.flatMap((call) =>
      block({ type: 'tool_use', id: call.id, name: call.name, input: {} }, [
        { type: 'input_json_delta', partial_json: '' },
        ...call.arguments.map((partial_json) => ({ type: 'input_json_delta', partial_json })),
      ]),
    ),
    event('message_delta', {
      delta: { stop_reason: reasons[script.stopReason], stop_sequence: null },
      usage: {
        output_tokens: script.outputTokens,
        input_tokens: null,
        cache_creation_input_tokens: null,
        cache_read_input_tokens: null,
        server_tool_use: null,
      },
    }),
    event('message_stop', {}),
  ];
}

function message(script: ModelScript, model: string): object {
  return {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model,
    content: [
      ...(script.thinking.length === 0
        ? []
        : [{ type: 'thinking', thinking: script.thinking.join(''), signature: 'c2lnbmVk' }]),
      ...(script.text.length === 0 ? [] : [{ type: 'text', text: script.text.join(''), citations: null }]),
      ...script.toolCalls.map((call) => ({
        type: 'tool_use',
        id: call.id,
        name: call.name,
        input: JSON.parse(call.arguments.join('') || '{}') as object,
      })),
    ],
    stop_reason: reasons[script.stopReason],
    stop_sequence: null,
    usage: usageOf(script),
  };
}

const reasons = {
  end: 'end_turn',
  max_tokens: 'max_tokens',
  tool_calls: 'tool_use',
  stop_sequence: 'stop_sequence',
  content_filter: 'refusal',
  other: 'pause_turn',
} as const;

/** `input_tokens` leaves out what came from the cache. */
function usageOf({ inputTokens, outputTokens, cachedInputTokens }: ModelScript): object {
  return {
    input_tokens: inputTokens - cachedInputTokens,
    output_tokens: outputTokens,
    cache_read_input_tokens: cachedInputTokens,
    cache_creation_input_tokens: 0,
    cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 0 },
    server_tool_use: null,
    service_tier: 'standard',
  };
}

function promptOf({ messages, system = '', tools }: Json): ScriptedPrompt {
  const last = messages.at(-1);
  const blocks: Json[] = Array.isArray(last?.content) ? last.content : [{ type: 'text', text: last?.content ?? '' }];
  const result = blocks.find(({ type }) => type === 'tool_result');
  return {
    text: blocks.map(({ type, text }) => (type === 'text' ? text : '')).join(''),
    hasImage: blocks.some(({ type }) => type === 'image'),
    toolResult: result?.content,
    system,
    hasTools: Array.isArray(tools),
  };
}

function list(models: readonly string[], query: URLSearchParams): Reply {
  const start = query.has('after_id') ? models.indexOf(query.get('after_id') ?? '') + 1 : 0;
  const data = models.slice(start, start + Number(query.get('limit') ?? 20)).map(entry);
  const has_more = start + data.length < models.length;
  return { json: { data, has_more, first_id: data[0]?.id ?? null, last_id: data.at(-1)?.id ?? null } };
}

function entry(id: string) {
  const supported = { supported: true };
  return {
    type: 'model',
    id,
    display_name: id.replaceAll('-', ' '),
    created_at,
    max_input_tokens: 1_000_000,
    max_tokens: 128_000,
    lifecycle: 'active',
    capabilities: { image_input: supported, thinking: supported },
  };
}

function failure(status: number, type: string, text: string): Reply {
  return { status, json: { type: 'error', error: { type, message: text }, request_id: 'req_1' } };
}
