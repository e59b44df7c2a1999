import type { ChatContentPart, ChatMessage, ChatRequest } from '@inthub/connector-sdk';
import { invalidField } from '@inthub/contracts';
import type { ChatCompletionBody } from './schemas.ts';

type UniformChat = Omit<ChatRequest, 'model'>;
type Draft<Whole> = { -readonly [Field in keyof Whole]: Whole[Field] };
type Message = ChatCompletionBody['messages'][number];

/** Fields that have a place in the uniform request; the rest is OpenAI's own. */
const known = new Set([
  'model',
  'messages',
  'stream',
  'stream_options',
  'max_completion_tokens',
  'max_tokens',
  'temperature',
  'top_p',
  'n',
  'stop',
  'tools',
  'tool_choice',
  'response_format',
  'user',
  'provider_options',
]);
/** The functions of before tools. */
const replaced: Readonly<Record<string, string>> = { functions: 'tools', function_call: 'tool_choice' };

/** A chat completion request as the uniform one, but for the model. @throws HubError `invalid_request` */
export function readChat(body: ChatCompletionBody): UniformChat {
  const { tools, tool_choice, response_format, temperature, top_p, stop, user } = body;
  const maxOutputTokens = body.max_completion_tokens ?? body.max_tokens;
  const providerOptions = readProviderOptions(body);
  // Field by field: this runs for every chat, and most of them are not there.
  const chat: Draft<UniformChat> = { messages: body.messages.map(readMessage) };
  if (tools != null) chat.tools = tools.map(readTool);
  if (tool_choice != null)
    chat.toolChoice = typeof tool_choice === 'string' ? tool_choice : { name: tool_choice.function.name };
  if (maxOutputTokens != null) chat.maxOutputTokens = maxOutputTokens;
  if (temperature != null) chat.temperature = temperature;
  if (top_p != null) chat.topP = top_p;
  if (stop != null) chat.stop = [stop].flat();
  if (response_format != null) chat.responseFormat = readFormat(response_format);
  if (user != null) chat.user = user;
  if (providerOptions !== undefined) chat.providerOptions = providerOptions;
  return chat;
}

/** What the uniform request has no place for goes to OpenAI itself, beside what the caller says for each provider. */
function readProviderOptions(body: ChatCompletionBody): UniformChat['providerOptions'] {
  const given = body.provider_options ?? undefined;
  let own: Record<string, unknown> | undefined;
  for (const name of Object.keys(body)) {
    if (known.has(name)) continue;
    const value = (body as Readonly<Record<string, unknown>>)[name];
    if (value === null) continue;
    if (Object.hasOwn(replaced, name))
      throw invalidField(`/${name}`, `is not taken; use ${replaced[name]}.`, 'unsupported');
    own ??= {};
    own[name] = value;
  }
  if (own !== undefined) return { ...given, openai: { ...own, ...given?.['openai'] } };
  return given === undefined || Object.keys(given).length === 0 ? undefined : given;
}

function readTool({ function: tool }: NonNullable<ChatCompletionBody['tools']>[number]) {
  const { name, description, parameters = {} } = tool;
  return { name, ...(description === undefined ? {} : { description }), parameters };
}

function readFormat({ type, json_schema }: NonNullable<ChatCompletionBody['response_format']>) {
  if (type === 'text') return { type } as const;
  if (type === 'json_object') return { type: 'json' } as const;
  const { name, schema, strict } = json_schema ?? {};
  if (schema === undefined) throw invalidField('/response_format/json_schema/schema', 'is required.', 'required');
  return { type, schema, ...(name === undefined ? {} : { name }), ...(strict == null ? {} : { strict }) } as const;
}

function readMessage({ role, content, tool_calls, tool_call_id }: Message, at: number): ChatMessage {
  const message: Draft<ChatMessage> = { role: role === 'developer' ? 'system' : role };
  if (content != null) message.content = typeof content === 'string' ? content : readParts(content, `/messages/${at}`);
  if (tool_calls != null) message.toolCalls = tool_calls.map(readToolCall);
  if (tool_call_id !== undefined) message.toolCallId = tool_call_id;
  return message;
}

function readToolCall({ id, function: called }: NonNullable<Message['tool_calls']>[number]) {
  return { id, name: called.name, arguments: called.arguments };
}

const dataUrl = /^data:(image\/[a-z0-9.+-]{1,64});base64,/;

function readParts(parts: readonly { readonly type: string }[], at: string): ChatContentPart[] {
  return parts.map((part, index) => {
    const place = `${at}/content/${index}`;
    const { text, refusal, image_url } = part as Readonly<Record<string, unknown>>;
    if (part.type === 'text' && typeof text === 'string') return { type: 'text', text };
    if (part.type === 'refusal' && typeof refusal === 'string') return { type: 'text', text: refusal };
    if (part.type !== 'image_url')
      throw invalidField(`${place}/type`, 'must be text or image_url; other parts are not taken.', 'unsupported');
    const url = (image_url as { url?: unknown } | undefined)?.url;
    if (typeof url !== 'string') throw invalidField(`${place}/image_url/url`, 'is required.', 'required');
    const [head, mediaType] = dataUrl.exec(url) ?? [];
    if (head !== undefined && mediaType !== undefined)
      return { type: 'image', mediaType, data: url.slice(head.length) };
    if (/^https?:\/\//.test(url)) return { type: 'image', url };
    throw invalidField(`${place}/image_url/url`, 'must be an http(s) address or data:image/…;base64,….', 'format');
  });
}
