import { type ActionEvent, HubError } from '@inthub/contracts';
import { describe, expect, it } from 'vitest';
import {
  type ChatDelta,
  type ChatRequest,
  type ChatResult,
  checkValue,
  createChatCollector,
  type EmbeddingResult,
  type ModelDefinition,
  type ModelProviderActionId,
  modelProviderActionSpecs,
} from '../index.ts';
import { scriptedPrompts } from './model-script.ts';

export interface ModelProviderFixtures {
  /** A model that chats, and answers what `modelScript` says. */
  readonly model: string;
  /** All models that are listed. */
  readonly models: readonly string[];
  readonly embeddingModel?: string;
  /** Default `no-such-model`. */
  readonly missingModel?: string;
}

export interface ModelProviderConformanceOptions {
  readonly name: string;
  readonly offered: readonly ModelProviderActionId[];
  readonly fixtures: ModelProviderFixtures;
  /** What the product lacks; `refusal`: it cannot say that it refused. */
  readonly lacks?: readonly ('images' | 'thinking' | 'refusal')[];
  /** Runs an action as a caller would: gives the output or rejects with an error that has a `code`. */
  run(action: ModelProviderActionId, input: unknown): Promise<unknown>;
  /** All events of a streamed action. */
  stream(action: ModelProviderActionId, input: unknown): Promise<readonly ActionEvent[]>;
}

const weather = {
  name: 'weather',
  description: 'Weather of a city.',
  parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
};
const clock = { name: 'clock', parameters: { type: 'object', properties: {} } };
const redDot =
  'iVBORw0KGgoAAAANSUhEUgAAAAUAAAAFCAYAAACNbyblAAAAHElEQVQI12P4//8/w38GIAXDIBKE0DHxgljNBAAO9TXL0Y4OHwAAAABJRU5ErkJggg==';

/** The category suite of model providers; runs the same against a fake, a real server and the whole hub. */
export function modelProviderConformance(options: ModelProviderConformanceOptions): void {
  const { name, offered, fixtures, lacks = [] } = options;
  const { model, models, embeddingModel, missingModel = 'no-such-model' } = fixtures;
  const run = async <Output>(action: ModelProviderActionId, input: unknown): Promise<Output> => {
    const output = await options.run(action, input);
    expect(checkValue(modelProviderActionSpecs[action].output, output), `output of ${action}`).toEqual([]);
    return output as Output;
  };
  /** Both ways to ask, which must give the same. */
  const ask = async (text: string, more: Partial<ChatRequest> = {}): Promise<ChatResult> => {
    const input = { model, messages: [{ role: 'user', content: text }], ...more };
    const whole = await run<ChatResult>('chat.complete', input);
    if (!has('chat.stream')) return whole;
    const { result, deltas } = await streamed(input);
    expect(withoutOwn(result)).toEqual(withoutOwn(whole));
    expect(withoutOwn(await run<ChatResult>('chat.stream', input))).toEqual(withoutOwn(whole));
    expect(deltas.filter(({ type }) => type === 'stop')).toHaveLength(1);
    return whole;
  };
  const streamed = async (input: unknown): Promise<{ result: ChatResult; deltas: ChatDelta[] }> => {
    const events = await options.stream('chat.stream', input);
    const last = events.at(-1);
    if (last?.type !== 'complete') throw new HubError('internal', `The stream ended with ${JSON.stringify(last)}.`);
    const deltas = events.flatMap((event) =>
      event.type === 'data' ? (event.chunk as { deltas: ChatDelta[] }).deltas : [],
    );
    const result = last.summary as ChatResult;
    expect(checkValue(modelProviderActionSpecs['chat.stream'].output, result)).toEqual([]);
    const collector = createChatCollector({ model, provider: result.provider });
    for (const delta of deltas) collector.add(delta);
    expect(collector.result(), 'the pieces make the whole').toEqual(result);
    return { result, deltas };
  };
  const has = (...ids: readonly ModelProviderActionId[]) => ids.every((id) => offered.includes(id));

  describe(`model provider conformance of ${name}`, () => {
    if (has('model.list')) {
      it('model.list gives every model once, in pages that end', async () => {
        for (const limit of [1, 2, 500]) {
          const found: string[] = [];
          let cursor: string | null = null;
          do {
            const page: { items: ModelDefinition[]; nextCursor: string | null } = await run('model.list', {
              limit,
              ...(cursor === null ? {} : { cursor }),
            });
            expect(page.items.length).toBeLessThanOrEqual(limit);
            found.push(...page.items.map(({ id }) => id));
            cursor = page.nextCursor;
          } while (cursor !== null && found.length <= models.length);

          expect(found.sort()).toEqual([...models].sort());
        }
      });

      it.each(['forged', Buffer.from('{"page":"../x","offset":0}').toString('base64url')])(
        'model.list refuses the forged cursor %s',
        async (cursor) => {
          await expect(run('model.list', { cursor })).rejects.toMatchObject({ code: 'invalid_cursor' });
        },
      );
    }
    if (has('model.capabilities')) {
      it('model.capabilities describes a model, and not one that is not there', async () => {
        expect(await run('model.capabilities', { model })).toMatchObject({ id: model });
        await expect(run('model.capabilities', { model: missingModel })).rejects.toMatchObject({
          code: 'provider_not_found',
        });
      });
    }
    if (has('chat.complete')) chatting(ask, lacks);
    if (has('chat.complete')) {
      it('chat.complete says that a model is not there', async () => {
        const input = { model: missingModel, messages: [{ role: 'user', content: 'Hi' }] };
        await expect(run('chat.complete', input)).rejects.toMatchObject({ code: 'provider_not_found' });
      });

      it.each([
        ['no messages', { messages: [] }],
        ['an unknown role', { messages: [{ role: 'robot', content: 'Hi' }] }],
        ['an unknown field', { messages: [{ role: 'user', content: 'Hi' }], temprature: 1 }],
        ['a temperature beyond all', { messages: [{ role: 'user', content: 'Hi' }], temperature: 3 }],
        [
          'a result of no call',
          {
            messages: [
              { role: 'user', content: 'Hi' },
              { role: 'tool', content: 'x' },
            ],
          },
        ],
        ['an image of nothing', { messages: [{ role: 'user', content: [{ type: 'image' }] }] }],
      ])('chat.complete refuses %s', async (what, input) => {
        if (what === 'a result of no call' && name === 'ollama') return; // it knows results by the tool's name
        await expect(run('chat.complete', { model, ...input })).rejects.toMatchObject({ code: 'invalid_request' });
      });
    }
    if (has('embedding.create') && embeddingModel !== undefined) {
      it('embedding.create gives one vector for each text, in order', async () => {
        const one = await run<EmbeddingResult>('embedding.create', { model: embeddingModel, input: 'four' });
        const many = await run<EmbeddingResult>('embedding.create', {
          model: embeddingModel,
          input: ['four', 'a', 'four'],
        });

        expect(one.embeddings).toHaveLength(1);
        expect(many.embeddings).toHaveLength(3);
        expect(many.embeddings[0]).toEqual(one.embeddings[0]);
        expect(many.embeddings[2]).toEqual(one.embeddings[0]);
        expect(many.embeddings[1]).not.toEqual(one.embeddings[0]);
        expect(many.usage?.inputTokens).toBeGreaterThan(0);
      });
    }
    if (has('tokens.count')) {
      it('tokens.count counts more for more', async () => {
        const count = async (input: object) =>
          (await run<{ inputTokens: number }>('tokens.count', { model, ...input })).inputTokens;
        const short = await count({ content: 'Hi' });
        const long = await count({ content: 'Hi '.repeat(200) });
        const chat = await count({
          system: 'Be brief.',
          messages: [
            { role: 'user', content: [{ type: 'text', text: 'Hi' }] },
            {
              role: 'assistant',
              content: 'Yes?',
              toolCalls: [{ id: 'call_1', name: 'weather', arguments: '{"city":"Bern"}' }],
            },
            { role: 'tool', toolCallId: 'call_1', content: '21' },
          ],
          tools: [weather],
        });

        expect(short).toBeGreaterThan(0);
        expect(long).toBeGreaterThan(short);
        expect(chat).toBeGreaterThan(short);
      });
    }
    if (has('availability.check')) {
      it('availability.check says yes', async () => {
        expect(await run('availability.check', {})).toMatchObject({ available: true, reason: null });
      });
    }
  });
}

/** Answers are the same by both ways but for what only one of them carries. */
function withoutOwn({ providerFields: _, ...result }: ChatResult): Omit<ChatResult, 'providerFields'> {
  return result;
}

function chatting(
  ask: (text: string, more?: Partial<ChatRequest>) => Promise<ChatResult>,
  lacks: readonly string[],
): void {
  it('answers, says why it stopped, and what was used', async () => {
    expect(
      await ask(scriptedPrompts.hello, {
        system: 'Be brief.',
        maxOutputTokens: 100,
        temperature: 0.5,
        topP: 0.9,
        stop: ['END'],
      }),
    ).toMatchObject({
      content: 'Hello!',
      toolCalls: [],
      stopReason: 'end',
      usage: { inputTokens: 1000, outputTokens: 50, totalTokens: 1050 },
    });
  });

  it('keeps every script, surrogate and quote', async () => {
    expect((await ask(scriptedPrompts.scripts)).content).toBe('Grüezi 世界 👩‍👩‍👧‍👦 \u2028"\\\nשלום');
  });

  it('may say nothing', async () => {
    expect(await ask(scriptedPrompts.silence)).toMatchObject({ content: '', stopReason: 'end' });
  });

  it('says that the limit was reached', async () => {
    expect(await ask(scriptedPrompts.limit)).toMatchObject({ content: 'It goes on', stopReason: 'max_tokens' });
  });

  it('calls a tool, and goes on with its result', async () => {
    const tools = [weather, clock];
    const first = await ask(scriptedPrompts.weather, { tools, toolChoice: 'auto' });
    expect(first).toMatchObject({ stopReason: 'tool_calls', toolCalls: [{ name: 'weather' }] });
    expect(JSON.parse(first.toolCalls[0]?.arguments ?? '')).toEqual({ city: 'Bern' });
    const call = first.toolCalls[0];

    const then = await ask('', {
      tools,
      messages: [
        { role: 'user', content: scriptedPrompts.weather },
        { role: 'assistant', content: first.content, toolCalls: first.toolCalls },
        { role: 'tool', toolCallId: call?.id ?? '', content: '21 degrees' },
      ],
    });

    expect(then).toMatchObject({ content: 'It is 21 degrees.', stopReason: 'end' });
  });

  it('calls several tools at once, and one without arguments', async () => {
    const two = await ask(scriptedPrompts.twoCities, { tools: [weather] });
    const bare = await ask(scriptedPrompts.noArguments, { tools: [clock] });

    expect(two.toolCalls.map((call) => JSON.parse(call.arguments) as unknown)).toEqual([
      { city: 'Bern' },
      { city: 'Oslo' },
    ]);
    expect(new Set(two.toolCalls.map(({ id }) => id)).size).toBe(2);
    expect(bare.toolCalls).toMatchObject([{ name: 'clock', arguments: '{}' }]);
  });

  if (!lacks.includes('images')) {
    it('sees an image', async () => {
      const content = [
        { type: 'text' as const, text: scriptedPrompts.image },
        { type: 'image' as const, data: redDot, mediaType: 'image/png' },
      ];
      expect(await ask('', { messages: [{ role: 'user', content }] })).toMatchObject({ content: 'A red dot.' });
    });
  }
  if (!lacks.includes('thinking')) {
    it('shows what it thought, and takes it back', async () => {
      const thought = await ask(scriptedPrompts.think);
      expect(thought).toMatchObject({ thinking: 'Let me see.', content: 'Done.' });

      const messages: ChatRequest['messages'] = [
        { role: 'user', content: scriptedPrompts.think },
        { role: 'assistant', content: [...thought.thinkingParts, { type: 'text', text: thought.content }] },
        { role: 'user', content: scriptedPrompts.hello },
      ];
      expect(await ask('', { messages })).toMatchObject({ content: 'Hello!' });
    });
  }
  if (!lacks.includes('refusal')) {
    it('says that it refused', async () => {
      expect(await ask(scriptedPrompts.refuse)).toMatchObject({ stopReason: 'content_filter' });
    });
  }
}
