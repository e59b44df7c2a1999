import type { ChatResult, ChatToolCall, Counted, StopReason, TokenCounts } from '@inthub/connector-sdk';
import type { AnthropicMessage, Usage } from './schema.ts';

/** Source: StopReason of the OpenAPI document; the context window's end from the types of @anthropic-ai/sdk 1.12.0. */
const stopReasons: Readonly<Record<string, StopReason>> = {
  end_turn: 'end',
  max_tokens: 'max_tokens',
  model_context_window_exceeded: 'max_tokens',
  stop_sequence: 'stop_sequence',
  tool_use: 'tool_calls',
  refusal: 'content_filter',
};

export function stopReasonOf(reason: string): StopReason {
  return stopReasons[reason] ?? 'other';
}

/** `input_tokens` there leaves out what was read from or written to the cache. */
export function countsOf(usage: Usage): TokenCounts {
  const read = usage.cache_read_input_tokens ?? 0;
  const written = usage.cache_creation_input_tokens ?? 0;
  return {
    inputTokens: (usage.input_tokens ?? 0) + read + written,
    outputTokens: usage.output_tokens ?? 0,
    cachedInputTokens: usage.cache_read_input_tokens ?? null,
    cacheWriteTokens: usage.cache_creation_input_tokens ?? null,
    cacheWrite1hTokens: usage.cache_creation?.ephemeral_1h_input_tokens ?? null,
  };
}

export function readAnswer({
  id,
  model,
  content,
  stop_reason,
  stop_sequence,
  usage,
}: AnthropicMessage): Counted<ChatResult> {
  const texts: string[] = [];
  const thinkingParts: ChatResult['thinkingParts'] = [];
  const toolCalls: ChatToolCall[] = [];
  const others: unknown[] = [];
  for (const block of content) {
    if (block.type === 'text') texts.push(block.text ?? '');
    else if (block.type === 'thinking') {
      const { thinking, signature } = block;
      thinkingParts.push({ type: 'thinking', text: thinking ?? '', ...(signature == null ? {} : { signature }) });
    } else if (block.type === 'tool_use') {
      toolCalls.push({ id: block.id ?? '', name: block.name ?? '', arguments: JSON.stringify(block.input ?? {}) });
    } else others.push(block);
  }
  return {
    id,
    model,
    content: texts.join(''),
    thinking: thinkingParts.length === 0 ? null : thinkingParts.map(({ text = '' }) => text).join(''),
    thinkingParts,
    toolCalls,
    stopReason: stopReasonOf(stop_reason ?? ''),
    providerStopReason: stop_reason ?? null,
    usage: countsOf(usage),
    providerFields: fieldsOf(stop_sequence, usage, others),
  };
}

/** What the uniform answer has no word for: server tools and redacted thinking are `blocks`. */
export function fieldsOf(
  stopSequence: string | null | undefined,
  usage: Usage,
  blocks: readonly unknown[],
): Record<string, unknown> {
  return {
    ...(stopSequence == null ? {} : { stop_sequence: stopSequence }),
    ...(usage.service_tier == null ? {} : { service_tier: usage.service_tier }),
    ...(blocks.length === 0 ? {} : { blocks }),
  };
}
