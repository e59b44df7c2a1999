/**
 * `POST /responses/input_tokens` counts a prompt in the form of the Responses API. Source: OpenAI's OpenAPI document 2.3.0,
 * TokenCountsBody, InputItem.
 */
import type { ActionContext, ChatContentPart, ChatMessage, TokenCount, TokenCountRequest } from '@inthub/connector-sdk';
import { invalidField } from '@inthub/contracts';
import { imageUrl } from '../_families/openai-compatible/chat-request.ts';
import { explained } from '../_families/openai-compatible/errors.ts';
import { product } from './product.ts';
import { TokenCounted } from './schema.ts';

type Json = Record<string, unknown>;

export async function countTokens(request: TokenCountRequest, ctx: ActionContext): Promise<TokenCount> {
  const { model, content, messages, system, tools } = request;
  const input =
    messages === undefined ? [] : messages.flatMap((message, at) => toItems(message, `/params/messages/${at}`));
  if (content !== undefined) input.push({ role: 'user', content });
  const response = await explained(
    ctx.http.post('/responses/input_tokens', {
      json: {
        model,
        input,
        ...(system === undefined ? {} : { instructions: system }),
        ...(tools === undefined || tools.length === 0
          ? {}
          : { tools: tools.map((tool) => ({ type: 'function', strict: false, ...tool })) }),
      },
      headers: product.headers(ctx),
      idempotent: true,
    }),
  );
  const { input_tokens } = await response.json(TokenCounted);
  return { model, inputTokens: input_tokens };
}

function toItems({ role, content, toolCalls = [], toolCallId }: ChatMessage, at: string): Json[] {
  if (role === 'tool') {
    if (toolCallId === undefined) throw invalidField(`${at}/toolCallId`, 'is required for a tool message.', 'required');
    return [{ type: 'function_call_output', call_id: toolCallId, output: plainText(content) }];
  }
  const text = typeof content === 'string' || content === undefined || content.every(({ type }) => type !== 'image');
  const items: Json[] = [];
  const said = text ? plainText(content) : content.flatMap((part, index) => toPart(part, `${at}/content/${index}`));
  if (said.length > 0 || toolCalls.length === 0) items.push({ role, content: said });
  for (const call of toolCalls)
    items.push({ type: 'function_call', call_id: call.id, name: call.name, arguments: call.arguments });
  return items;
}

function toPart(part: ChatContentPart, at: string): Json[] {
  if (part.type === 'text') return [{ type: 'input_text', text: part.text ?? '' }];
  if (part.type === 'thinking') return [];
  return [{ type: 'input_image', detail: 'auto', image_url: imageUrl(part, at) }];
}

function plainText(content: ChatMessage['content']): string {
  if (content === undefined || typeof content === 'string') return content ?? '';
  return content
    .filter(({ type }) => type === 'text')
    .map(({ text = '' }) => text)
    .join('');
}
