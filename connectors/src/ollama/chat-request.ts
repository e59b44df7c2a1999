/** The uniform request as a body of `POST /api/chat`. Source: Ollama's OpenAPI document 0.1.0, ChatRequest. */
import type { ChatContentPart, ChatMessage, ChatRequest } from '@inthub/connector-sdk';
import { invalidField } from '@inthub/contracts';

type Json = Record<string, unknown>;

const reserved = ['model', 'messages', 'stream'];

/** `providerOptions.ollama` holds fields of the body; its `options` are laid over those that the uniform request sets. */
export function toChatBody(input: ChatRequest, stream: boolean): Json {
  const { tools, toolChoice, maxOutputTokens, temperature, topP, stop } = input;
  const { options: ownOptions, ...own } = input.providerOptions?.['ollama'] ?? {};
  for (const name of reserved) {
    if (Object.hasOwn(own, name))
      throw invalidField(`/params/providerOptions/ollama/${name}`, 'is set by the uniform request.', 'reserved');
  }
  if (toolChoice !== undefined && toolChoice !== 'auto' && toolChoice !== 'none')
    throw invalidField('/params/toolChoice', 'must be auto or none: Ollama cannot force a tool.', 'enum');
  const options = {
    ...(maxOutputTokens === undefined ? {} : { num_predict: maxOutputTokens }),
    ...(temperature === undefined ? {} : { temperature }),
    ...(topP === undefined ? {} : { top_p: topP }),
    ...(stop === undefined || stop.length === 0 ? {} : { stop }),
    ...(typeof ownOptions === 'object' ? ownOptions : {}),
  };
  return {
    model: input.model,
    messages: [
      ...(input.system === undefined ? [] : [{ role: 'system', content: input.system }]),
      ...input.messages.map((message, at) => toMessage(message, input.messages, `/params/messages/${at}`)),
    ],
    ...(tools === undefined || tools.length === 0 || toolChoice === 'none'
      ? {}
      : { tools: tools.map((tool) => ({ type: 'function', function: { ...tool } })) }),
    ...toFormat(input.responseFormat),
    ...(Object.keys(options).length === 0 ? {} : { options }),
    ...own,
    stream,
  };
}

function toFormat(format: ChatRequest['responseFormat']): Json {
  if (format === undefined || format.type === 'text') return {};
  if (format.type === 'json') return { format: 'json' };
  if (format.schema === undefined)
    throw invalidField('/params/responseFormat/schema', 'is required for json_schema.', 'required');
  return { format: format.schema };
}

function toMessage(message: ChatMessage, all: readonly ChatMessage[], at: string): Json {
  const { role, content, toolCalls, toolCallId } = message;
  const parts: readonly ChatContentPart[] =
    content === undefined || typeof content === 'string' ? [{ type: 'text', text: content ?? '' }] : content;
  const images = parts.flatMap((part, index) =>
    part.type === 'image' ? [imageData(part, `${at}/content/${index}`)] : [],
  );
  const thinking = parts.flatMap(({ type, text = '' }) => (type === 'thinking' ? [text] : [])).join('');
  return {
    role,
    content: parts.map(({ type, text = '' }) => (type === 'text' ? text : '')).join(''),
    ...(images.length === 0 ? {} : { images }),
    ...(role === 'assistant' && thinking !== '' ? { thinking } : {}),
    ...(toolCalls === undefined || toolCalls.length === 0
      ? {}
      : {
          tool_calls: toolCalls.map((call, index) => ({
            function: {
              name: call.name,
              arguments: parseArguments(call.arguments, `${at}/toolCalls/${index}/arguments`),
            },
          })),
        }),
    ...(role === 'tool' ? toolName(toolCallId, all) : {}),
  };
}

/** Ollama knows results by the tool's name (docs/api.md, "tool_name"), not by the call. */
function toolName(toolCallId: string | undefined, all: readonly ChatMessage[]): Json {
  for (const { toolCalls = [] } of all) {
    const call = toolCalls.find(({ id }) => id === toolCallId);
    if (call !== undefined) return { tool_name: call.name };
  }
  return {};
}

function imageData({ data }: ChatContentPart, at: string): string {
  if (data === undefined) throw invalidField(at, 'must be given as data: Ollama fetches no addresses.', 'image');
  return data;
}

function parseArguments(text: string, at: string): Json {
  if (text.trim() === '') return {};
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Json;
  } catch {
    // Told below, as for what is JSON but no object.
  }
  throw invalidField(at, 'must be the text of a JSON object.', 'json');
}
