import type { ChatResult, Counted, StopReason, TokenCounts } from '@inthub/connector-sdk';
import { HubError } from '@inthub/contracts';
import type { ChatCompletion, CompletionUsage } from './schema.ts';

const stopReasons: Readonly<Record<string, StopReason>> = {
  stop: 'end',
  length: 'max_tokens',
  tool_calls: 'tool_calls',
  function_call: 'tool_calls',
  content_filter: 'content_filter',
};

export function stopReasonOf(finishReason: string): StopReason {
  return stopReasons[finishReason] ?? 'other';
}

/** `prompt_tokens` holds cached ones too. */
export function countsOf(usage: CompletionUsage): TokenCounts {
  return {
    inputTokens: usage.prompt_tokens,
    outputTokens: usage.completion_tokens ?? 0,
    cachedInputTokens: usage.prompt_tokens_details?.cached_tokens ?? null,
    cacheWriteTokens: usage.prompt_tokens_details?.cache_write_tokens ?? null,
    reasoningTokens: usage.completion_tokens_details?.reasoning_tokens ?? null,
  };
}

/** A refusal stands in for the content, with stop reason `content_filter`. */
export function readAnswer(answer: ChatCompletion, asked: string): Counted<ChatResult> {
  const [choice] = answer.choices;
  if (choice === undefined) throw new HubError('provider_bad_response', 'The answer holds no choice.');
  const { message, finish_reason, logprobs } = choice;
  const refusal = message.refusal ?? null;
  const thinking = message.reasoning_content ?? null;
  return {
    id: answer.id ?? null,
    model: answer.model || asked,
    content: message.content || refusal || '',
    thinking,
    thinkingParts: thinking === null ? [] : [{ type: 'thinking', text: thinking }],
    toolCalls: (message.tool_calls ?? []).map((call) => ({
      id: call.id ?? '',
      name: call.function.name,
      arguments: call.function.arguments ?? '',
    })),
    stopReason: refusal === null ? stopReasonOf(finish_reason ?? '') : 'content_filter',
    providerStopReason: finish_reason ?? null,
    usage: answer.usage == null ? null : countsOf(answer.usage),
    providerFields: fieldsOf(answer, refusal, logprobs),
  };
}

/** What the uniform answer has no word for. */
export function fieldsOf(
  { system_fingerprint, service_tier }: { readonly system_fingerprint?: unknown; readonly service_tier?: unknown },
  refusal: unknown,
  logprobs: unknown,
): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  if (system_fingerprint != null) fields['system_fingerprint'] = system_fingerprint;
  if (service_tier != null) fields['service_tier'] = service_tier;
  if (refusal != null) fields['refusal'] = refusal;
  if (logprobs != null) fields['logprobs'] = logprobs;
  return fields;
}
