/** The uniform request as a body of `POST /chat/completions`. Source: OpenAI's OpenAPI document 2.3.0, CreateChatCompletionRequest. */
import type { ChatContentPart, ChatMessage, ChatRequest } from '@inthub/connector-sdk';
import { invalidField } from '@inthub/contracts';
import type { OpenAiProduct } from './product.ts';

type Json = Record<string, unknown>;

/** Fields that the uniform request decides; the answer could not be read if somebody else did. */
const reserved = ['model', 'messages', 'stream', 'stream_options', 'n'];

/** @throws HubError `invalid_request` for what this API cannot carry. */
export function toChatBody(input: ChatRequest, product: OpenAiProduct, stream: boolean): Json {
  const { tools, toolChoice, responseFormat, maxOutputTokens, temperature, topP, stop, user } = input;
  const own = input.providerOptions?.[product.id];
  if (own !== undefined) refuseReserved(own, product);
  const messages = input.messages.map((message, at) => toMessage(message, `/params/messages/${at}`));
  if (input.system !== undefined) messages.unshift({ role: 'system', content: input.system });
  // Field by field: this runs for every chat, and most of them are not there.
  const body: Json = { model: input.model, messages };
  if (tools !== undefined && tools.length > 0) {
    body['tools'] = tools.map((tool) => ({ type: 'function', function: { ...tool } }));
  }
  if (toolChoice !== undefined) {
    body['tool_choice'] =
      typeof toolChoice === 'string' ? toolChoice : { type: 'function', function: { name: toolChoice.name } };
  }
  if (maxOutputTokens !== undefined) body[product.outputLimit] = maxOutputTokens;
  if (temperature !== undefined) body['temperature'] = temperature;
  if (topP !== undefined) body['top_p'] = topP;
  if (stop !== undefined && stop.length > 0) body['stop'] = stop;
  if (responseFormat !== undefined) body['response_format'] = toFormat(responseFormat);
  if (user !== undefined) body['user'] = user;
  if (own !== undefined) Object.assign(body, own);
  if (stream) {
    body['stream'] = true;
    body['stream_options'] = { include_usage: true };
  }
  return body;
}

function refuseReserved(own: Json, { id }: OpenAiProduct): void {
  for (const name of reserved) {
    if (Object.hasOwn(own, name))
      throw invalidField(`/params/providerOptions/${id}/${name}`, 'is set by the uniform request.', 'reserved');
  }
}

function toFormat({ type, name, schema, strict }: NonNullable<ChatRequest['responseFormat']>): Json {
  if (type === 'text') return { type };
  if (type === 'json') return { type: 'json_object' };
  if (schema === undefined)
    throw invalidField('/params/responseFormat/schema', 'is required for json_schema.', 'required');
  return {
    type,
    json_schema: { name: name ?? 'answer', schema, ...(strict === undefined ? {} : { strict }) },
  };
}

function toMessage({ role, content, toolCalls, toolCallId }: ChatMessage, at: string): Json {
  switch (role) {
    case 'system':
      return { role, content: textOf(content, at) };
    case 'user':
      return { role, content: typeof content === 'string' ? content : partsOf(content, at) };
    case 'tool':
      if (toolCallId === undefined)
        throw invalidField(`${at}/toolCallId`, 'is required for a tool message.', 'required');
      return { role, tool_call_id: toolCallId, content: textOf(content, at) };
    case 'assistant': {
      const text = textOf(content, at);
      const calls = (toolCalls ?? []).map((call) => ({
        id: call.id,
        type: 'function',
        function: { name: call.name, arguments: call.arguments },
      }));
      return calls.length === 0
        ? { role, content: text }
        : { role, content: text === '' ? null : text, tool_calls: calls };
    }
  }
}

/** Thinking is left out: this API takes none back. */
function textOf(content: ChatMessage['content'], at: string): string {
  if (content === undefined || typeof content === 'string') return content ?? '';
  const image = content.findIndex(({ type }) => type === 'image');
  if (image !== -1)
    throw invalidField(`${at}/content/${image}`, 'is an image; this API takes images in user messages only.', 'image');
  return content
    .filter(({ type }) => type === 'text')
    .map(({ text = '' }) => text)
    .join('');
}

function partsOf(content: readonly ChatContentPart[] | undefined, at: string): Json[] {
  return (content ?? []).flatMap((part, index): Json[] => {
    if (part.type === 'text') return [{ type: 'text', text: part.text ?? '' }];
    if (part.type === 'thinking') return [];
    return [{ type: 'image_url', image_url: { url: imageUrl(part, `${at}/content/${index}`) } }];
  });
}

/** The address of an image part, or its bytes as a data URL. @throws HubError `invalid_request` */
export function imageUrl({ url, data, mediaType }: ChatContentPart, at: string): string {
  if (url !== undefined) return url;
  if (data === undefined || mediaType === undefined)
    throw invalidField(at, 'is an image without url, or data and mediaType.', 'image');
  return `data:${mediaType};base64,${data}`;
}
