/** The real `openai` SDK against the hub, which changes only its base URL and key; behind the hub, providers that speak three APIs. */
import { scriptedPrompts } from '@inthub/connector-sdk/testing';
import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import { say, useModelRig } from './model-rig.ts';

const rig = useModelRig();

const everywhere = ['main-openai/gpt-5.4', 'main/anthropic/claude-opus-5', 'local/llama3.2:latest'];

describe('the openai SDK', () => {
  it.each(everywhere)('chats with %s, whole and streamed', async (model) => {
    const whole = await rig.client.chat.completions.create({ model, messages: say(scriptedPrompts.hello) });
    const stream = await rig.client.chat.completions.create({
      model,
      messages: say(scriptedPrompts.hello),
      stream: true,
      stream_options: { include_usage: true },
    });
    let text = '';
    let finish: string | null = null;
    let usage: unknown = null;
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? '';
      finish ??= chunk.choices[0]?.finish_reason ?? null;
      usage ??= chunk.usage;
    }

    expect(whole.choices).toMatchObject([{ message: { role: 'assistant', content: 'Hello!' }, finish_reason: 'stop' }]);
    expect([text, finish]).toEqual(['Hello!', 'stop']);
    expect(whole.usage).toMatchObject({ prompt_tokens: 1000, completion_tokens: 50, total_tokens: 1050 });
    expect(usage).toEqual(whole.usage);
  });

  it.each(everywhere)('uses tools of %s by the SDK’s own stream helper', async (model) => {
    const tools = [
      { type: 'function' as const, function: { name: 'weather', parameters: { type: 'object', properties: {} } } },
    ];
    const first = await rig.client.chat.completions
      .stream({ model, messages: say(scriptedPrompts.twoCities), tools })
      .finalChatCompletion();
    const message = first.choices[0]?.message;
    const calls = (message?.tool_calls ?? []).flatMap((call) => (call.type === 'function' ? [call] : []));
    const then = await rig.client.chat.completions.create({
      model,
      tools,
      messages: [
        ...say(scriptedPrompts.twoCities),
        {
          role: 'assistant',
          content: message?.content ?? null,
          tool_calls: calls.map(({ id, type, function: { name, arguments: args } }) => ({
            id,
            type,
            function: { name, arguments: args },
          })),
        },
        ...calls.map(({ id }) => ({ role: 'tool' as const, tool_call_id: id, content: '21 degrees' })),
      ],
    });

    expect(first.choices[0]?.finish_reason).toBe('tool_calls');
    expect(calls.map((call) => JSON.parse(call.function.arguments) as unknown)).toEqual([
      { city: 'Bern' },
      { city: 'Oslo' },
    ]);
    expect(then.choices[0]?.message.content).toBe('It is 21 degrees.');
  });

  it('shows images, system prompts and fields of OpenAI’s own', async () => {
    const seen: unknown[] = [];
    rig.openai.intercept = ({ body }) => void seen.push(JSON.parse(Buffer.from(body ?? []).toString()));

    const { choices } = await rig.client.chat.completions.create({
      model: 'main-openai/gpt-5.4',
      seed: 7,
      max_completion_tokens: 9,
      messages: [
        { role: 'developer', content: 'Be brief.' },
        {
          role: 'user',
          content: [
            { type: 'text', text: scriptedPrompts.image },
            { type: 'image_url', image_url: { url: 'data:image/png;base64,aGk=' } },
          ],
        },
      ],
    });

    expect(choices[0]?.message.content).toBe('A red dot.');
    expect(seen).toMatchObject([
      {
        model: 'gpt-5.4',
        seed: 7,
        max_completion_tokens: 9,
        messages: [{ role: 'system', content: 'Be brief.' }, { role: 'user' }],
      },
    ]);
  });

  it('lists routes and models, and creates embeddings in both encodings', async () => {
    const ids = (await Array.fromAsync(await rig.client.models.list())).map(({ id }) => id);
    const vectors = await rig.client.embeddings.create({
      model: 'main-openai/text-embedding-3-small',
      input: ['four', 'a'],
    });
    const floats = await rig.client.embeddings.create({
      model: 'local/all-minilm:latest',
      input: 'four',
      encoding_format: 'float',
    });

    expect(ids).toEqual(expect.arrayContaining([...everywhere, 'main-openai/text-embedding-3-small']));
    expect(vectors.data.map(({ embedding }) => embedding)).toEqual([
      [0.5, 0.625, 0.75],
      [0.125, 0.25, 0.375],
    ]);
    expect(floats.data[0]?.embedding).toEqual([0.5, 0.625, 0.75]);
  });
});

describe('errors', () => {
  const chat = (model: string, more: object = {}) =>
    rig.client.chat.completions.create({ model, messages: say('x'), ...more });

  it.each([
    ['an unknown model', () => chat('nobody/gpt'), { status: 404, code: 'not_found', param: 'model' }],
    ['a model that the provider lacks', () => chat('main-openai/gpt-0'), { status: 404, code: 'provider_not_found' }],
    [
      'a field that does not fit',
      () => chat('main-openai/gpt-5.4', { temperature: 3 }),
      { status: 400, param: 'temperature' },
    ],
    ['several answers', () => chat('main-openai/gpt-5.4', { n: 2 }), { status: 400, param: 'n' }],
    [
      'what this provider cannot do',
      () => chat('main/anthropic/claude-opus-5', { temperature: 2 }),
      { status: 400, param: 'temperature' },
    ],
    [
      'no key',
      () => new OpenAI({ apiKey: 'wrong', baseURL: `${rig.hub.url}/v1`, maxRetries: 0 }).models.list(),
      { status: 401, code: 'unauthenticated' },
    ],
  ])('are in OpenAI’s form for %s', async (_name, ask, expected) => {
    await expect(ask()).rejects.toMatchObject(expected);
  });

  it('say that a prompt is too long as OpenAI does, and when to come again', async () => {
    rig.openai.intercept = () => ({
      status: 400,
      json: {
        error: {
          message: 'Too long',
          type: 'invalid_request_error',
          param: 'messages',
          code: 'context_length_exceeded',
        },
      },
    });
    await expect(chat('main-openai/gpt-5.4')).rejects.toMatchObject({ status: 400, code: 'context_length_exceeded' });

    rig.openai.intercept = () => ({
      status: 429,
      headers: { 'retry-after': '7' },
      json: { error: { message: 'Slow down', type: 'requests', param: null, code: 'rate_limit_exceeded' } },
    });
    const error = await chat('paced-openai/gpt-4o-mini').catch(
      (thrown: unknown) => thrown as InstanceType<typeof OpenAI.APIError>,
    );
    expect(error).toMatchObject({ status: 429, code: 'provider_rate_limited' });
    expect((error as { headers: Headers }).headers.get('retry-after')).toBe('7');
    expect(JSON.stringify(error)).not.toContain('canary');
  });

  it('in the middle of a stream reach the reader', async () => {
    rig.anthropic.intercept = () => ({
      headers: { 'content-type': 'text/event-stream' },
      chunks: [
        Buffer.from(
          'event: message_start\ndata: {"type":"message_start","message":{"id":"m","model":"c","usage":{"input_tokens":5,"output_tokens":1}}}\n\n',
        ),
        Buffer.from(
          'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}\n\n',
        ),
      ],
    });
    const stream = await rig.client.chat.completions.create({
      model: 'main/anthropic/claude-opus-5',
      messages: say('x'),
      stream: true,
    });

    await expect(Array.fromAsync(stream)).rejects.toMatchObject({ code: 'provider_unavailable' });
  });
});

it('a reader that leaves ends the call to the provider', async () => {
  async function* endless() {
    for (;;) {
      yield Buffer.from(
        `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta: { content: 'x'.repeat(1000) }, finish_reason: null }] })}\n\n`,
      );
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  rig.openai.intercept = () => ({ headers: { 'content-type': 'text/event-stream' }, chunks: endless() });
  const stream = await rig.client.chat.completions.create({
    model: 'main-openai/gpt-5.4',
    messages: say('x'),
    stream: true,
  });

  for await (const _ of stream) break;

  await expect.poll(() => rig.openai.aborted, { timeout: 20_000 }).toBeGreaterThan(0);
});
