/** The uniform request as a body of `POST /v1/messages`. Source: Anthropic's OpenAPI document 195, CreateMessageParams. */
import type { ChatContentPart, ChatMessage, ChatRequest } from '@inthub/connector-sdk';
import { invalidField } from '@inthub/contracts';

type Json = Record<string, unknown>;

/** The API wants a limit; what it takes where the caller names none. */
const defaultMaxTokens = 4096;
const reserved = ['model', 'messages', 'stream'];

export type Prompt = Pick<ChatRequest, 'model' | 'messages' | 'system' | 'tools'>;

/** @throws HubError `invalid_request` for what this API cannot carry. */
export function toMessageBody(input: ChatRequest, stream: boolean): Json {
  const { toolChoice, maxOutputTokens, temperature, topP, stop, user } = input;
  const own = input.providerOptions?.['anthropic'] ?? {};
  for (const name of reserved) {
    if (Object.hasOwn(own, name))
      throw invalidField(`/params/providerOptions/anthropic/${name}`, 'is set by the uniform request.', 'reserved');
  }
  if (temperature !== undefined && temperature > 1)
    throw invalidField('/params/temperature', 'must be at most 1 for Anthropic.', 'maximum');
  return {
    ...toPrompt(input),
    max_tokens: maxOutputTokens ?? defaultMaxTokens,
    ...(toolChoice === undefined ? {} : { tool_choice: toToolChoice(toolChoice) }),
    ...(temperature === undefined ? {} : { temperature }),
    ...(topP === undefined ? {} : { top_p: topP }),
    ...(stop === undefined || stop.length === 0 ? {} : { stop_sequences: stop }),
    ...(user === undefined ? {} : { metadata: { user_id: user } }),
    ...toFormat(input.responseFormat),
    ...own,
    ...(stream ? { stream: true } : {}),
  };
}

/** What is counted and what is sent alike. System messages stand above all others, wherever they were. */
export function toPrompt({ model, messages, system, tools }: Prompt): Json {
  const above = [
    ...(system === undefined ? [] : [system]),
    ...messages.flatMap((message, at) => (message.role === 'system' ? [textOf(message, at)] : [])),
  ].filter((text) => text !== '');
  return {
    model,
    ...(above.length === 0 ? {} : { system: above.join('\n\n') }),
    messages: toMessages(messages),
    ...(tools === undefined || tools.length === 0
      ? {}
      : {
          tools: tools.map(({ name, description, parameters }) => ({
            name,
            ...(description === undefined ? {} : { description }),
            input_schema: { type: 'object', ...parameters },
          })),
        }),
  };
}

/** Results of one turn's tools belong into one user message. */
function toMessages(messages: readonly ChatMessage[]): Json[] {
  const sent: { role: string; content: string | Json[] }[] = [];
  for (const [at, message] of messages.entries()) {
    if (message.role === 'system') continue;
    const last = sent.at(-1);
    if (message.role !== 'tool') {
      sent.push({
        role: message.role,
        content: message.role === 'user' ? userContent(message, at) : said(message, at),
      });
    } else if (messages[at - 1]?.role === 'tool' && last !== undefined && Array.isArray(last.content)) {
      last.content.push(toResult(message, at));
    } else {
      sent.push({ role: 'user', content: [toResult(message, at)] });
    }
  }
  if (sent.length === 0) throw invalidField('/params/messages', 'holds only system messages.', 'minItems');
  return sent;
}

function userContent({ content = '' }: ChatMessage, at: number): string | Json[] {
  return typeof content === 'string'
    ? content
    : content.flatMap((part, index) => toBlock(part, `/params/messages/${at}/content/${index}`));
}

function said({ content = '', toolCalls = [] }: ChatMessage, at: number): Json[] {
  const parts: readonly ChatContentPart[] = typeof content === 'string' ? [{ type: 'text', text: content }] : content;
  const blocks = parts.flatMap((part, index) => toBlock(part, `/params/messages/${at}/content/${index}`));
  for (const [index, call] of toolCalls.entries()) {
    const place = `/params/messages/${at}/toolCalls/${index}/arguments`;
    blocks.push({ type: 'tool_use', id: call.id, name: call.name, input: parseArguments(call.arguments, place) });
  }
  if (blocks.length === 0) throw invalidField(`/params/messages/${at}`, 'says nothing; leave it out.', 'minItems');
  return blocks;
}

/** Empty text is refused there; thinking without its signature too. */
function toBlock(part: ChatContentPart, at: string): Json[] {
  switch (part.type) {
    case 'text':
      return part.text ? [{ type: 'text', text: part.text }] : [];
    case 'thinking':
      return part.signature === undefined
        ? []
        : [{ type: 'thinking', thinking: part.text ?? '', signature: part.signature }];
    case 'image': {
      const { url, data, mediaType } = part;
      if (url !== undefined) return [{ type: 'image', source: { type: 'url', url } }];
      if (data === undefined || mediaType === undefined)
        throw invalidField(at, 'is an image without url, or data and mediaType.', 'image');
      return [{ type: 'image', source: { type: 'base64', media_type: mediaType, data } }];
    }
  }
}

function toResult({ toolCallId, content = '' }: ChatMessage, at: number): Json {
  if (toolCallId === undefined)
    throw invalidField(`/params/messages/${at}/toolCallId`, 'is required for a tool message.', 'required');
  const blocks =
    typeof content === 'string'
      ? content
      : content.flatMap((part, index) => toBlock(part, `/params/messages/${at}/content/${index}`));
  return { type: 'tool_result', tool_use_id: toolCallId, content: blocks };
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

function textOf({ content = '' }: ChatMessage, at: number): string {
  if (typeof content === 'string') return content;
  if (content.some(({ type }) => type === 'image'))
    throw invalidField(`/params/messages/${at}/content`, 'holds an image, which a system message cannot.', 'image');
  return content.map(({ type, text = '' }) => (type === 'text' ? text : '')).join('');
}

function toToolChoice(choice: NonNullable<ChatRequest['toolChoice']>): Json {
  if (typeof choice !== 'string') return { type: 'tool', name: choice.name };
  return { type: choice === 'required' ? 'any' : choice };
}

/** Structured output is newer than the description. Source: OutputConfig of @anthropic-ai/sdk 1.12.0. */
function toFormat(format: ChatRequest['responseFormat']): Json {
  if (format === undefined || format.type === 'text') return {};
  if (format.schema === undefined)
    throw invalidField('/params/responseFormat/schema', 'is required: Anthropic has JSON by schema only.', 'required');
  return { output_config: { format: { type: 'json_schema', schema: format.schema } } };
}
