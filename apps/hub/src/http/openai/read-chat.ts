import type { ChatContentPart, ChatMessage, ChatRequest } from '@inthub/connector-sdk';
import { invalidField } from '@inthub/contracts';
import type { ChatCompletionBody } from './schemas.ts';

type UniformChat = Omit<ChatRequest, 'model'>;
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
  const maxOutputTokens = body.max_completion_tokens ?? body.max_tokens ?? undefined;
  const own: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(body)) {
    if (value === null || known.has(name)) continue;
    if (Object.hasOwn(replaced, name))
      throw invalidField(`/${name}`, `is not taken; use ${replaced[name]}.`, 'unsupported');
    own[name] = value;
  }
  const openai = { ...own, ...body.provider_options?.['openai'] };
  const providerOptions = {
    ...body.provider_options,
    ...(Object.keys(openai).length === 0 ? {} : { openai }),
  };
  return {
    messages: body.messages.map((message, at) => readMessage(message, `/messages/${at}`)),
    ...(tools == null ? {} : { tools: tools.map(readTool) }),
    ...(tool_choice == null
      ? {}
      : { toolChoice: typeof tool_choice === 'string' ? tool_choice : { name: tool_choice.function.name } }),
    ...(maxOutputTokens === undefined ? {} : { maxOutputTokens }),
    ...(temperature == null ? {} : { temperature }),
    ...(top_p == null ? {} : { topP: top_p }),
    ...(stop == null ? {} : { stop: [stop].flat() }),
    ...(response_format == null ? {} : { responseFormat: readFormat(response_format) }),
    ...(user == null ? {} : { user }),
    ...(Object.keys(providerOptions).length === 0 ? {} : { providerOptions }),
  };
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

function readMessage(message: Message, at: string): ChatMessage {
  const { role, content, tool_calls, tool_call_id } = message;
  return {
    role: role === 'developer' ? 'system' : role,
    ...(content == null ? {} : { content: typeof content === 'string' ? content : readParts(content, at) }),
    ...(tool_calls == null
      ? {}
      : {
          toolCalls: tool_calls.map((call) => ({
            id: call.id,
            name: call.function.name,
            arguments: call.function.arguments,
          })),
        }),
    ...(tool_call_id === undefined ? {} : { toolCallId: tool_call_id }),
  };
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
