/** A fake of Ollama's API, shaped by its OpenAPI document 0.1.0. Answers what `modelScript` says. */
import type { Reply, Responder } from './exchange.ts';
import { type ModelScript, modelScript, piecesOf, type ScriptedPrompt, scriptedVectors } from './model-script.ts';

// biome-ignore lint/suspicious/noExplicitAny: a fake reads requests of every shape; the vendor's description checks them.
type Json = any;

const created_at = '2026-11-21T10:00:00.000Z';
const details = {
  format: 'gguf',
  family: 'llama',
  families: ['llama'],
  parameter_size: '3.2B',
  quantization_level: 'Q4_K_M',
};

export function createFakeOllama(models: readonly string[] = ['llama3.2:latest', 'all-minilm:latest']): Responder {
  return (request) => {
    const { pathname } = request.url;
    const body: Json = request.body === null ? {} : JSON.parse(Buffer.from(request.body).toString());
    if (request.method === 'GET' && pathname === '/api/version') return { json: { version: '0.12.6' } };
    if (request.method === 'GET' && pathname === '/api/tags')
      return {
        json: {
          models: models.map((name) => ({
            name,
            model: name,
            modified_at: created_at,
            size: 2_019_393_189,
            digest: 'a80c4f17',
            details,
          })),
        },
      };
    if (request.method !== 'POST') return undefined;
    if (!models.includes(body.model)) return { status: 404, json: { error: `model '${body.model}' not found` } };
    if (pathname === '/api/show')
      return {
        json: {
          details,
          capabilities: ['completion', 'tools', 'vision', 'thinking'],
          model_info: { 'general.architecture': 'llama', 'llama.context_length': 131_072 },
          modified_at: created_at,
        },
      };
    if (pathname === '/api/embed') {
      const texts: string[] = [body.input].flat();
      return {
        json: {
          model: body.model,
          embeddings: scriptedVectors(texts, body.dimensions),
          total_duration: 14_143_917,
          load_duration: 1_019_500,
          prompt_eval_count: 8,
        },
      };
    }
    return pathname === '/api/chat' ? chat(body) : undefined;
  };
}

/** The body of a streamed answer, line by line. */
export function ollamaStream(script: ModelScript, model: string): string[] {
  const line = (message: object, more: object = { done: false }) =>
    `${JSON.stringify({ model, created_at, message: { role: 'assistant', content: '', ...message }, ...more })}\n`;
  return [
    ...script.thinking.map((thinking) => line({ thinking })),
    ...script.text.map((content) => line({ content })),
    ...script.toolCalls.map((call) => line({ tool_calls: [toolCall(call)] })),
    line({}, ending(script)),
  ];
}

function chat(body: Json): Reply {
  const script = modelScript(promptOf(body));
  if (body.stream !== false)
    return { headers: { 'content-type': 'application/x-ndjson' }, chunks: piecesOf(ollamaStream(script, body.model)) };
  const message = {
    role: 'assistant',
    content: script.text.join(''),
    ...(script.thinking.length === 0 ? {} : { thinking: script.thinking.join('') }),
    ...(script.toolCalls.length === 0 ? {} : { tool_calls: script.toolCalls.map(toolCall) }),
  };
  return { json: { model: body.model, created_at, message, ...ending(script) } };
}

function ending({ stopReason, inputTokens, outputTokens }: ModelScript): object {
  return {
    done: true,
    done_reason: stopReason === 'max_tokens' ? 'length' : 'stop',
    total_duration: 4_883_583_458,
    load_duration: 1_334_875,
    prompt_eval_count: inputTokens,
    prompt_eval_duration: 342_546_000,
    eval_count: outputTokens,
    eval_duration: 4_535_599_000,
  };
}

function toolCall(call: ModelScript['toolCalls'][number]): object {
  return { function: { name: call.name, arguments: JSON.parse(call.arguments.join('') || '{}') as object } };
}

function promptOf({ messages, tools }: Json): ScriptedPrompt {
  const last = messages.at(-1);
  const asked = messages.findLast(({ role }: Json) => role === 'user');
  return {
    text: asked?.content ?? '',
    hasImage: (asked?.images ?? []).length > 0,
    toolResult: last?.role === 'tool' ? last.content : undefined,
    system: messages.flatMap(({ role, content }: Json) => (role === 'system' ? [content] : [])).join('\n'),
    hasTools: Array.isArray(tools),
  };
}
