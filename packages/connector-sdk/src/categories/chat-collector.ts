import { HubError } from '@inthub/contracts';
import type { ChatContentPart, ChatDelta, ChatResult } from './model-provider-schemas.ts';

/** More calls in one answer than any model makes; a provider that numbers wildly must not make the hub keep a list of millions. */
const maxToolCalls = 1024;

export interface ChatCollector {
  /** @throws HubError `provider_bad_response` for pieces that make no whole. */
  add(delta: ChatDelta): void;
  /** @throws HubError `provider_unavailable` when the answer has no end. */
  result(): ChatResult;
}

interface OpenCall {
  id: string;
  name: string;
  readonly pieces: string[];
}

/** Puts the pieces of a streamed answer together: the same result as the whole answer would have been. */
export function createChatCollector({ model, provider }: { model: string; provider: string }): ChatCollector {
  const text: string[] = [];
  const thinking: string[] = [];
  const thinkingParts: ChatContentPart[] = [];
  const calls = new Map<number, OpenCall>();
  const providerFields: Record<string, unknown> = {};
  let openThinking: string[] = [];
  let id: string | null = null;
  let answeredBy = model;
  let stop: Extract<ChatDelta, { type: 'stop' }> | undefined;
  let usage: ChatResult['usage'] = null;

  function endThinking(signature: string | null): void {
    if (openThinking.length === 0 && signature === null) return;
    thinkingParts.push({ type: 'thinking', text: openThinking.join(''), ...(signature === null ? {} : { signature }) });
    openThinking = [];
  }

  function callAt(index: number): OpenCall {
    const known = calls.get(index);
    if (known !== undefined) return known;
    if (calls.size >= maxToolCalls)
      throw new HubError('provider_bad_response', `The answer holds more than ${maxToolCalls} tool calls.`);
    const call = { id: '', name: '', pieces: [] };
    calls.set(index, call);
    return call;
  }

  return {
    add(delta) {
      switch (delta.type) {
        case 'start':
          id = delta.id;
          answeredBy = delta.model;
          break;
        case 'text':
          text.push(delta.text);
          break;
        case 'thinking':
          thinking.push(delta.text);
          openThinking.push(delta.text);
          break;
        case 'thinking_end':
          endThinking(delta.signature);
          break;
        case 'tool_call': {
          const call = callAt(delta.index);
          if (delta.id !== undefined) call.id = delta.id;
          if (delta.name !== undefined) call.name = delta.name;
          if (delta.arguments !== undefined) call.pieces.push(delta.arguments);
          break;
        }
        case 'stop':
          stop = delta;
          break;
        case 'usage':
          usage = delta.usage;
          break;
        case 'provider':
          Object.assign(providerFields, delta.fields);
          break;
      }
    },
    result() {
      if (stop === undefined) {
        throw new HubError('provider_unavailable', 'The stream ended before the answer was complete.');
      }
      endThinking(null);
      const toolCalls = [...calls.entries()]
        .sort(([a], [b]) => a - b)
        .map(([, call]) => ({ id: call.id, name: call.name, arguments: call.pieces.join('') }));
      if (toolCalls.some(({ name }) => name === ''))
        throw new HubError('provider_bad_response', 'The answer holds a tool call without a name.');
      return {
        id,
        model: answeredBy,
        provider,
        content: text.join(''),
        thinking: thinking.length === 0 ? null : thinking.join(''),
        thinkingParts,
        toolCalls,
        stopReason: stop.stopReason,
        providerStopReason: stop.providerStopReason,
        usage,
        providerFields,
      };
    },
  };
}
