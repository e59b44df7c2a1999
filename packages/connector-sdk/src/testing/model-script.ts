/** What fake model providers answer, in no product's words: each fake says it in its own. */
import type { StopReason } from '../index.ts';

export interface ModelScript {
  /** In the pieces in which it is streamed. */
  readonly text: readonly string[];
  readonly thinking: readonly string[];
  readonly toolCalls: readonly { readonly id: string; readonly name: string; readonly arguments: readonly string[] }[];
  readonly stopReason: StopReason;
  readonly inputTokens: number;
  readonly cachedInputTokens: number;
  readonly outputTokens: number;
}

/** What a fake finds in a request, whatever its form. */
export interface ScriptedPrompt {
  /** Text of the last user message. */
  readonly text: string;
  /** The last message is a tool's result: its text. */
  readonly toolResult: string | undefined;
  readonly system: string;
  readonly hasImage: boolean;
  readonly hasTools: boolean;
}

const plain = { thinking: [], toolCalls: [], stopReason: 'end', cachedInputTokens: 0 } as const;

/** Prompts that a fake has an answer to; anything else is said back. */
export const scriptedPrompts = {
  hello: 'Say hello.',
  scripts: 'Say it in many scripts.',
  weather: 'What is the weather in Bern?',
  twoCities: 'What is the weather in Bern and Oslo?',
  noArguments: 'What time is it?',
  limit: 'Write until the limit.',
  refuse: 'Say something forbidden.',
  think: 'Think first.',
  image: 'What is in the picture?',
  silence: 'Say nothing.',
} as const;

export function modelScript(prompt: ScriptedPrompt): ModelScript {
  const tokens = { inputTokens: 1000, outputTokens: 50 };
  const said = (...text: string[]): ModelScript => ({ ...plain, ...tokens, text });
  const calls = (...toolCalls: ModelScript['toolCalls']): ModelScript => ({
    ...said(),
    toolCalls,
    stopReason: 'tool_calls',
  });
  if (prompt.toolResult !== undefined) return said('It is ', prompt.toolResult, '.');
  switch (prompt.text) {
    case scriptedPrompts.hello:
      return { ...said('Hel', 'lo', '!'), cachedInputTokens: 200 };
    case scriptedPrompts.scripts:
      return said('Grüezi ', '世界 ', '👩‍👩‍👧‍👦', ' \u2028"\\\n', 'שלום');
    case scriptedPrompts.weather:
      return calls({ id: 'call_1', name: 'weather', arguments: ['{"ci', 'ty":"B', 'ern"}'] });
    case scriptedPrompts.twoCities:
      return calls(
        { id: 'call_1', name: 'weather', arguments: ['{"city":"Bern"}'] },
        { id: 'call_2', name: 'weather', arguments: ['{"city":', '"Oslo"}'] },
      );
    case scriptedPrompts.noArguments:
      return calls({ id: 'call_1', name: 'clock', arguments: [] });
    case scriptedPrompts.limit:
      return { ...said('It goes ', 'on'), stopReason: 'max_tokens' };
    case scriptedPrompts.refuse:
      return { ...said('I cannot'), stopReason: 'content_filter' };
    case scriptedPrompts.think:
      return { ...said('Done.'), thinking: ['Let me ', 'see.'] };
    case scriptedPrompts.image:
      return said(prompt.hasImage ? 'A red dot.' : 'There is none.');
    case scriptedPrompts.silence:
      return said();
    default:
      return said(prompt.text);
  }
}

/** One vector for each text, told apart by length. */
export function scriptedVectors(texts: readonly string[], dimensions = 3): number[][] {
  return texts.map((text) => Array.from({ length: dimensions }, (_, at) => (text.length + at) / 8));
}

/** A body in its natural pieces. */
export function piecesOf(texts: readonly string[]): Uint8Array[] {
  return texts.map((text) => Buffer.from(text));
}
