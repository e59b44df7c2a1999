import { type CountedDelta, checkValue, midStreamError, parseEventStream } from '@inthub/connector-sdk';
import { HubError } from '@inthub/contracts';
import { countsOf, fieldsOf, stopReasonOf } from './chat-answer.ts';
import { refusalOf } from './errors.ts';
import type { OpenAiProduct } from './product.ts';
import { CompletionUsage } from './schema.ts';
import { type TwinReader, twinReaderOf } from './twin-piece.ts';

type Json = Readonly<Record<string, unknown>>;

/**
 * The pieces of a streamed chat completion, in the batches in which they arrive, until `[DONE]`. Source: OpenAI's OpenAPI document
 * 2.3.0, CreateChatCompletionStreamResponse. Each piece is read by hand: there are hundreds to an answer, and what does not
 * fit is left out as the standard's readers do.
 */
export async function* readChatStream(
  chunks: AsyncIterable<Uint8Array>,
  { product, asked }: { readonly product: OpenAiProduct; readonly asked: string },
): AsyncGenerator<readonly CountedDelta[]> {
  let started = false;
  let refused = false;
  let readTwin: TwinReader | undefined;
  for await (const events of parseEventStream(chunks)) {
    const deltas: CountedDelta[] = [];
    for (const { data } of events) {
      if (data === '[DONE]') {
        if (deltas.length > 0) yield deltas;
        return;
      }
      const text = readTwin?.(data);
      if (text !== undefined) {
        if (text !== '') deltas.push({ type: 'text', text });
        continue;
      }
      const piece = parsePiece(data, product);
      const before = deltas.length;
      if (!started) {
        started = true;
        deltas.push({ type: 'start', id: textOf(piece['id']) ?? null, model: textOf(piece['model']) || asked });
        const fields = fieldsOf(piece, piece['refusal'], piece['logprobs']);
        if (Object.keys(fields).length > 0) deltas.push({ type: 'provider', fields });
      }
      const choices = piece['choices'];
      const choice = Array.isArray(choices) ? (choices[0] as unknown) : undefined;
      if (isObject(choice)) refused = readChoice(choice, deltas, refused);
      const usage = piece['usage'];
      if (isObject(usage) && checkValue(CompletionUsage, usage).length === 0)
        deltas.push({ type: 'usage', usage: countsOf(usage as CompletionUsage) });
      const [only, ...others] = deltas.slice(before);
      if (only?.type === 'text' && only.logprobs === undefined && others.length === 0)
        readTwin = twinReaderOf(data, only.text);
    }
    if (deltas.length > 0) yield deltas;
  }
}

/** @returns whether the model has refused by now. */
function readChoice(choice: Json, deltas: CountedDelta[], refusedBefore: boolean): boolean {
  let refused = refusedBefore;
  const delta = isObject(choice['delta']) ? choice['delta'] : {};
  const logprobs = choice['logprobs'];
  const thinking = textOf(delta['reasoning_content']);
  if (thinking) deltas.push({ type: 'thinking', text: thinking });
  const content = textOf(delta['content']);
  if (content) deltas.push({ type: 'text', text: content, ...(logprobs == null ? {} : { logprobs }) });
  const refusal = textOf(delta['refusal']);
  if (refusal) {
    refused = true;
    deltas.push({ type: 'text', text: refusal });
  }
  const calls = delta['tool_calls'];
  if (Array.isArray(calls)) for (const [at, call] of calls.entries()) readToolCall(call, at, deltas);
  const finish = textOf(choice['finish_reason']);
  if (finish !== undefined) {
    deltas.push({
      type: 'stop',
      stopReason: refused ? 'content_filter' : stopReasonOf(finish),
      providerStopReason: finish,
    });
  }
  return refused;
}

function readToolCall(call: unknown, at: number, deltas: CountedDelta[]): void {
  if (!isObject(call)) return;
  const { index, id } = call;
  const { name, arguments: args } = isObject(call['function']) ? call['function'] : {};
  deltas.push({
    type: 'tool_call',
    index: Number.isSafeInteger(index) ? (index as number) : at,
    ...(typeof id === 'string' ? { id } : {}),
    ...(typeof name === 'string' && name !== '' ? { name } : {}),
    ...(typeof args === 'string' ? { arguments: args } : {}),
  });
}

function parsePiece(data: string, product: OpenAiProduct): Json {
  let piece: unknown;
  try {
    piece = JSON.parse(data);
  } catch (cause) {
    throw new HubError('provider_bad_response', `${product.name} streamed something that is not JSON.`, { cause });
  }
  if (!isObject(piece))
    throw new HubError('provider_bad_response', `${product.name} streamed something that is no object.`);
  const { error } = piece;
  if (error != null) {
    const { code, type } = isObject(error) ? error : {};
    throw midStreamError(product.name, code ?? type, refusalOf(code, type));
  }
  return piece;
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
