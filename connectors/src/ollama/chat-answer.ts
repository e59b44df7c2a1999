import {
  type ChatResult,
  type Counted,
  type CountedDelta,
  checkValue,
  midStreamError,
  parseLines,
  type StopReason,
  type TokenCounts,
} from '@inthub/connector-sdk';
import { HubError } from '@inthub/contracts';
import { ChatReply } from './schema.ts';

/** Source: DoneReason of ollama/ollama llm/server.go. It does not tell a stop sequence from the end. */
const stopReasons: Readonly<Record<string, StopReason>> = { stop: 'end', length: 'max_tokens' };

export function readAnswer(reply: ChatReply, asked: string): Counted<ChatResult> {
  const { message } = reply;
  const toolCalls = callsOf(reply, 0);
  const thinking = message.thinking || null;
  return {
    id: null,
    model: reply.model || asked,
    content: message.content ?? '',
    thinking,
    thinkingParts: thinking === null ? [] : [{ type: 'thinking', text: thinking }],
    toolCalls,
    stopReason: stopReasonOf(reply, toolCalls.length > 0),
    providerStopReason: reply.done_reason ?? null,
    usage: countsOf(reply),
    providerFields: fieldsOf(reply),
  };
}

/**
 * The pieces of a streamed answer, one JSON document a line, until the one that is `done`. A tool call comes whole. Source: Ollama's
 * OpenAPI document 0.1.0, ChatStreamEvent; errors as `{"error": "…"}` from docs/api.md.
 */
export async function* readChatStream(
  chunks: AsyncIterable<Uint8Array>,
  asked: string,
): AsyncGenerator<readonly CountedDelta[]> {
  let started = false;
  let calls = 0;
  for await (const lines of parseLines(chunks)) {
    const deltas: CountedDelta[] = [];
    let done = false;
    for (const line of lines) {
      const reply = parseReply(line);
      if (!started) deltas.push({ type: 'start', id: null, model: reply.model || asked });
      started = true;
      const { content, thinking } = reply.message;
      if (thinking) deltas.push({ type: 'thinking', text: thinking });
      if (content) deltas.push({ type: 'text', text: content });
      for (const call of callsOf(reply, calls)) {
        deltas.push({ type: 'tool_call', index: calls, ...call });
        calls += 1;
      }
      if (reply.done !== true) continue;
      done = true;
      const usage = countsOf(reply);
      if (usage !== null) deltas.push({ type: 'usage', usage });
      deltas.push({
        type: 'stop',
        stopReason: stopReasonOf(reply, calls > 0),
        providerStopReason: reply.done_reason ?? null,
      });
      const fields = fieldsOf(reply);
      if (Object.keys(fields).length > 0) deltas.push({ type: 'provider', fields });
      break;
    }
    if (deltas.length > 0) yield deltas;
    if (done) return;
  }
}

function parseReply(line: string): ChatReply {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw new HubError('provider_bad_response', 'Ollama streamed something that is not JSON.', { cause });
  }
  if (typeof value === 'object' && value !== null && 'error' in value) throw midStreamError('Ollama', undefined);
  if (checkValue(ChatReply, value).length > 0)
    throw new HubError('provider_bad_response', 'Ollama streamed something that is no piece of an answer.');
  return value as ChatReply;
}

/** Ids are made up where Ollama gives none, so that results can name their call. */
function callsOf({ message }: ChatReply, before: number): ChatResult['toolCalls'] {
  return (message.tool_calls ?? []).map((call, at) => ({
    id: call.id || `call_${before + at}`,
    name: call.function.name,
    arguments: JSON.stringify(call.function.arguments ?? {}),
  }));
}

function stopReasonOf({ done_reason }: ChatReply, hasCalls: boolean): StopReason {
  if (hasCalls) return 'tool_calls';
  return stopReasons[done_reason ?? 'stop'] ?? 'other';
}

/** `prompt_eval_count` is left out for a prompt that was wholly cached. */
function countsOf({ prompt_eval_count, eval_count }: ChatReply): TokenCounts | null {
  if (prompt_eval_count == null && eval_count == null) return null;
  return { inputTokens: prompt_eval_count ?? 0, outputTokens: eval_count ?? 0 };
}

function fieldsOf({ total_duration, load_duration }: ChatReply): Record<string, unknown> {
  return {
    ...(total_duration == null ? {} : { total_duration }),
    ...(load_duration == null ? {} : { load_duration }),
  };
}
