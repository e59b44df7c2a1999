/** The uniform answer in OpenAI's form. Source: OpenAI's OpenAPI document 2.3.0, CreateChatCompletionResponse and …StreamResponse. */
import type { ChatDelta, ChatResult, ModelUsage, StopReason } from '@inthub/connector-sdk';

export interface Envelope {
  readonly id: string;
  /** Epoch seconds. */
  readonly created: number;
}

const finishReasons: Readonly<Record<StopReason, string>> = {
  end: 'stop',
  stop_sequence: 'stop',
  max_tokens: 'length',
  tool_calls: 'tool_calls',
  content_filter: 'content_filter',
  other: 'stop',
};

/** To be written as JSON, which leaves out what is undefined. */
export function writeChat(result: ChatResult, { id, created }: Envelope): object {
  const { content, thinking, toolCalls, providerFields } = result;
  return {
    id: result.id ?? id,
    object: 'chat.completion',
    created,
    model: result.model,
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: content === '' && toolCalls.length > 0 ? null : content,
          refusal: providerFields['refusal'] ?? null,
          reasoning_content: thinking ?? undefined,
          tool_calls: toolCalls.length === 0 ? undefined : toolCalls.map(writeToolCall),
        },
        logprobs: providerFields['logprobs'] ?? null,
        finish_reason: finishReasons[result.stopReason],
      },
    ],
    usage: result.usage === null ? undefined : writeUsage(result.usage),
    system_fingerprint: providerFields['system_fingerprint'],
    service_tier: providerFields['service_tier'],
  };
}

function writeToolCall({ id, name, arguments: text }: ChatResult['toolCalls'][number]): object {
  return { id, type: 'function', function: { name, arguments: text } };
}

/** `cost` is the hub's own. */
function writeUsage(usage: ModelUsage): object {
  return {
    prompt_tokens: usage.inputTokens,
    completion_tokens: usage.outputTokens,
    total_tokens: usage.totalTokens,
    prompt_tokens_details: usage.cachedInputTokens === null ? undefined : { cached_tokens: usage.cachedInputTokens },
    completion_tokens_details: usage.reasoningTokens === null ? undefined : { reasoning_tokens: usage.reasoningTokens },
    cost: usage.cost,
  };
}

/** Writes the frames of one streamed answer. */
export interface ChatFrames {
  /** Deltas that arrived together, as frames to be written together. */
  write(deltas: readonly ChatDelta[]): string;
  /** What comes after the last delta. */
  end(): string;
}

/**
 * @param includeUsage `stream_options.include_usage`: counts in a last chunk of their own, null in those before.
 */
export function createChatFrames(envelope: Envelope, asked: string, includeUsage: boolean): ChatFrames {
  let head = headOf(envelope.id, asked);
  let isFirst = true;
  let usage: ModelUsage | null = null;
  const tail = includeUsage ? ',"usage":null}\n\n' : '}\n\n';

  function headOf(id: string, model: string): string {
    const { created } = envelope;
    return `data: ${JSON.stringify({ id, object: 'chat.completion.chunk', created, model }).slice(0, -1)},"choices":[`;
  }

  function choice(delta: object, finish: string | null = null, logprobs?: unknown): string {
    const shown = isFirst ? { role: 'assistant', content: '', ...delta } : delta;
    isFirst = false;
    return choiceOf(JSON.stringify(shown), finish, logprobs);
  }

  function choiceOf(delta: string, finish: string | null, logprobs: unknown): string {
    // There are hundreds to an answer, and nearly all have neither.
    const rest =
      finish === null && logprobs == null
        ? '"logprobs":null,"finish_reason":null'
        : `"logprobs":${JSON.stringify(logprobs ?? null)},"finish_reason":${JSON.stringify(finish)}`;
    return `${head}{"index":0,"delta":${delta},${rest}}]${tail}`;
  }

  function frame(delta: ChatDelta): string {
    switch (delta.type) {
      case 'start':
        head = headOf(delta.id ?? envelope.id, delta.model);
        return choice({});
      case 'text':
        return isFirst
          ? choice({ content: delta.text }, null, delta.logprobs)
          : choiceOf(`{"content":${JSON.stringify(delta.text)}}`, null, delta.logprobs);
      case 'thinking':
        return choice({ reasoning_content: delta.text });
      case 'tool_call': {
        const { index, id, name, arguments: args } = delta;
        const called = { ...(name === undefined ? {} : { name }), arguments: args ?? '' };
        const call = { index, ...(id === undefined ? {} : { id, type: 'function' }), function: called };
        return choice({ tool_calls: [call] });
      }
      case 'stop':
        return choice({}, finishReasons[delta.stopReason]);
      case 'usage':
        usage = delta.usage;
        return '';
      default:
        return ''; // what only the provider has a word for
    }
  }

  return {
    write: (deltas) => deltas.map(frame).join(''),
    end() {
      const counts = includeUsage && usage !== null ? `${head}],"usage":${JSON.stringify(writeUsage(usage))}}\n\n` : '';
      return `${counts}data: [DONE]\n\n`;
    },
  };
}
