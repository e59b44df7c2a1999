/** The real `openai` SDK against the hub, which changes only its base URL and key; behind the hub, providers that speak three APIs. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  createFakeAnthropic,
  createFakeOllama,
  createFakeOpenAi,
  type Reply,
  type Responder,
  scriptedPrompts,
} from '@inthub/connector-sdk/testing';
import OpenAI from 'openai';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { adminKey, startTestHub, type TestHub } from './testing.ts';

interface Provider {
  readonly url: string;
  /** Answers before the fake does; undefined leaves it to the fake. */
  intercept: Responder | undefined;
  readonly requests: string[];
  /** Connections of requests that the other side gave up. */
  aborted: number;
  stop(): Promise<void>;
}

async function startProvider(fake: Responder): Promise<Provider> {
  const provider: Provider = { url: '', intercept: undefined, requests: [], aborted: 0, stop: async () => undefined };
  const server = createServer((request, response) => void answer(provider, fake, request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return Object.assign(provider, {
    url: `http://127.0.0.1:${port}`,
    stop: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  });
}

async function answer(provider: Provider, fake: Responder, request: IncomingMessage, response: ServerResponse) {
  response.on('close', () => {
    if (!response.writableFinished) provider.aborted += 1;
  });
  const body = Buffer.concat(await Array.fromAsync(request as AsyncIterable<Uint8Array>));
  provider.requests.push(`${request.method} ${request.url}`);
  const sent = {
    method: request.method as 'POST',
    url: new URL(request.url ?? '/', provider.url),
    headers: request.headers as Record<string, string>,
    body: body.length === 0 ? null : body,
    auth: 'bearer',
  } as const;
  const signal = new AbortController().signal;
  const reply: Reply | undefined = (await provider.intercept?.(sent, signal)) ?? (await fake(sent, signal));
  const { status = 200, headers = {}, json, chunks } = reply ?? { status: 404, json: {} };
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  for await (const chunk of chunks ?? []) {
    if (response.destroyed) return;
    response.write(chunk);
  }
  response.end(json === undefined ? undefined : JSON.stringify(json));
}

let hub: TestHub;
let openai: Provider;
let anthropic: Provider;
let ollama: Provider;
let client: OpenAI;
let mainId: string;

beforeAll(async () => {
  hub = await startTestHub();
  openai = await startProvider(createFakeOpenAi());
  anthropic = await startProvider(createFakeAnthropic());
  ollama = await startProvider(createFakeOllama());
  const bearer = { kind: 'bearer_token', token: 'sk-canary-0123456789' };
  mainId = await install('main-openai', 'model.openai', { endpoint: `${openai.url}/v1`, authMode: 'token' }, bearer);
  await install(
    'main/anthropic',
    'model.anthropic',
    { endpoint: anthropic.url, authMode: 'token' },
    { kind: 'api_key', key: 'sk-canary-9876543210' },
  );
  await install('paced-openai', 'model.openai', { endpoint: `${openai.url}/v1`, authMode: 'token' }, bearer);
  await install('local', 'model.ollama', { endpoint: ollama.url, authMode: 'none' });
  client = new OpenAI({ apiKey: adminKey, baseURL: `${hub.url}/v1`, maxRetries: 0 });
});
beforeEach(async () => {
  // What one test breaks is no other's trouble.
  await hub.call('POST', `/api/v1/connectors/instances/${mainId}/circuit/close`, {});
  for (const provider of [openai, anthropic, ollama]) {
    provider.intercept = undefined;
    provider.requests.length = 0;
    provider.aborted = 0;
  }
});
afterAll(async () => {
  await hub?.stop();
  for (const provider of [openai, anthropic, ollama]) await provider?.stop();
});

async function install(name: string, type: string, config: object, credentials?: object): Promise<string> {
  const { status, body, text } = await hub.call('POST', '/api/v1/integrations', {
    type,
    name,
    config: { retryPolicy: { maxRetries: 0 }, ...config },
    ...(credentials === undefined ? {} : { credentials }),
    submit: true,
  });
  expect(status, text).toBe(201);
  const tested = await hub.call('POST', `/api/v1/integrations/${body.id}/test`, {});
  expect(tested.body.success, tested.text).toBe(true);
  return body.id as string;
}

const say = (content: string) => [{ role: 'user' as const, content }];
const everywhere = ['main-openai/gpt-5.4', 'main/anthropic/claude-opus-5', 'local/llama3.2:latest'];

describe('the openai SDK', () => {
  it.each(everywhere)('chats with %s, whole and streamed', async (model) => {
    const whole = await client.chat.completions.create({ model, messages: say(scriptedPrompts.hello) });
    const stream = await client.chat.completions.create({
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
    const first = await client.chat.completions
      .stream({ model, messages: say(scriptedPrompts.twoCities), tools })
      .finalChatCompletion();
    const message = first.choices[0]?.message;
    const calls = (message?.tool_calls ?? []).flatMap((call) => (call.type === 'function' ? [call] : []));
    const then = await client.chat.completions.create({
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
    openai.intercept = ({ body }) => void seen.push(JSON.parse(Buffer.from(body ?? []).toString()));

    const { choices } = await client.chat.completions.create({
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
    const ids = (await Array.fromAsync(await client.models.list())).map(({ id }) => id);
    const vectors = await client.embeddings.create({
      model: 'main-openai/text-embedding-3-small',
      input: ['four', 'a'],
    });
    const floats = await client.embeddings.create({
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
    client.chat.completions.create({ model, messages: say('x'), ...more });

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
      () => new OpenAI({ apiKey: 'wrong', baseURL: `${hub.url}/v1`, maxRetries: 0 }).models.list(),
      { status: 401, code: 'unauthenticated' },
    ],
  ])('are in OpenAI’s form for %s', async (_name, ask, expected) => {
    await expect(ask()).rejects.toMatchObject(expected);
  });

  it('say that a prompt is too long as OpenAI does, and when to come again', async () => {
    openai.intercept = () => ({
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

    openai.intercept = () => ({
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
    anthropic.intercept = () => ({
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
    const stream = await client.chat.completions.create({
      model: 'main/anthropic/claude-opus-5',
      messages: say('x'),
      stream: true,
    });

    await expect(Array.fromAsync(stream)).rejects.toMatchObject({ code: 'provider_unavailable' });
  });
});

describe('a model route', () => {
  const down: Responder = () => ({
    status: 503,
    json: { error: { message: 'down', type: 'server_error', param: null, code: null } },
  });
  const targets = [
    { integration: 'gone', model: 'x' },
    { integration: 'main-openai', model: 'gpt-5.4' },
    { integration: 'main/anthropic', model: 'claude-opus-5' },
  ];
  const chat = (model: string) =>
    client.chat.completions.create({ model, messages: say(scriptedPrompts.hello) }).withResponse();

  beforeAll(async () => {
    const made = await hub.call('POST', '/api/v1/model-routes', { alias: 'smart', targets });
    expect(made.status, made.text).toBe(201);
    await hub.call('POST', '/api/v1/model-routes', { alias: 'strict', targets, failOverOn: [] });
  });

  it('is answered by the first target that can, and says which and why', async () => {
    const first = await chat('smart');
    openai.intercept = down;
    const second = await chat('smart');

    expect(first.response.headers.get('x-inthub-model')).toBe('main-openai/gpt-5.4');
    expect(second.data.choices[0]?.message.content).toBe('Hello!');
    const { headers } = second.response;
    expect([headers.get('x-inthub-route'), headers.get('x-inthub-model')]).toEqual([
      'smart',
      'main/anthropic/claude-opus-5',
    ]);
    expect(headers.get('x-inthub-why')).toBe('after gone/x=not_found, main-openai/gpt-5.4=provider_unavailable');
  });

  it('fails over before a stream begins, never after', async () => {
    openai.intercept = down;
    const whole = await client.chat.completions
      .stream({ model: 'smart', messages: say(scriptedPrompts.hello) })
      .finalContent();
    expect(whole).toBe('Hello!');

    anthropic.requests.length = 0;
    openai.intercept = () => ({
      headers: { 'content-type': 'text/event-stream' },
      chunks: [Buffer.from('data: {"id":"c","model":"m","choices":[{"index":0,"delta":{"content":"Hel"}}]}\n\n')],
    });
    const cut = client.chat.completions.stream({ model: 'smart', messages: say(scriptedPrompts.hello) });
    await expect(cut.finalContent()).rejects.toMatchObject({ code: 'provider_unavailable' });
    expect(anthropic.requests).toEqual([]);
  });

  it('stops at an error that is not to be failed over', async () => {
    openai.intercept = down;
    await expect(chat('strict')).rejects.toMatchObject({ status: 502, code: 'overloaded' });
    openai.intercept = () => ({ status: 400, json: { error: { message: 'No', type: 'x', param: null, code: null } } });
    await expect(chat('smart')).rejects.toMatchObject({ status: 400, code: 'provider_rejected' });
    expect(anthropic.requests).toEqual([]);
  });

  it('is changed with its ETag, and gone when removed', async () => {
    const made = await hub.call('POST', '/api/v1/model-routes', {
      alias: 'mine',
      targets: [{ integration: 'local', model: 'llama3.2:latest' }],
    });
    const path = `/api/v1/model-routes/${made.body.id}`;
    const body = { alias: 'ours', targets: made.body.targets };
    const twin = await hub.call('POST', '/api/v1/model-routes', { alias: 'mine', targets: made.body.targets });
    const blind = await hub.call('PUT', path, body);
    const changed = await hub.call('PUT', path, body, { 'if-match': made.headers.get('etag') ?? '' });
    const stale = await hub.call('PUT', path, body, { 'if-match': '"1"' });
    expect((await chat('ours')).data.choices[0]?.message.content).toBe('Hello!');
    const removed = await hub.call('DELETE', path);

    expect([twin.status, blind.status, changed.status, stale.status, removed.status]).toEqual([
      409, 428, 200, 412, 204,
    ]);
    expect(changed.body).toMatchObject({
      alias: 'ours',
      version: 2,
      failOverOn: expect.arrayContaining(['circuit_open']),
    });
    await expect(chat('ours')).rejects.toMatchObject({ status: 404 });
    const { body: audit } = await hub.call('GET', `/api/v1/audit?targetId=${made.body.id}`);
    expect(audit.items.map(({ action }: { action: string }) => action)).toEqual([
      'model_route.delete',
      'model_route.update',
      'model_route.create',
    ]);
  });
});

describe('prices', () => {
  const price = {
    connectorId: 'ollama',
    model: 'llama3.2:latest',
    currency: 'EUR',
    inputPerMillion: '1.5',
    outputPerMillion: '3',
    source: 'the power bill',
    asOf: '2026-11-01',
  };
  const costOf = async (model: string) => {
    const { usage } = await client.chat.completions.create({ model, messages: say(scriptedPrompts.silence) });
    return (usage as unknown as { cost: unknown }).cost;
  };

  it('come from the connector, the platform or the tenant, the nearest first, and count at once', async () => {
    expect(await costOf('local/llama3.2:latest')).toBeNull();
    const platform = await hub.call('PUT', '/api/v1/model-prices', { ...price, scope: 'platform' });
    expect(platform.status, platform.text).toBe(200);
    expect(await costOf('local/llama3.2:latest')).toEqual({ amountMicros: 1650, currency: 'EUR' });
    await hub.call('PUT', '/api/v1/model-prices', { ...price, inputPerMillion: '2' });
    expect(await costOf('local/llama3.2:latest')).toEqual({ amountMicros: 2150, currency: 'EUR' });
    const { body } = await hub.call('GET', '/api/v1/model-prices?connectorId=ollama');
    expect(body.items).toMatchObject([{ model: 'llama3.2:latest', origin: 'tenant', inputPerMillion: '2' }]);

    const where = 'connectorId=ollama&model=llama3.2:latest';
    expect((await hub.call('DELETE', `/api/v1/model-prices?${where}`)).status).toBe(204);
    expect(await costOf('local/llama3.2:latest')).toEqual({ amountMicros: 1650, currency: 'EUR' });
    expect((await hub.call('DELETE', `/api/v1/model-prices?${where}&scope=platform`)).status).toBe(204);
    expect((await hub.call('DELETE', `/api/v1/model-prices?${where}`)).status).toBe(404);
    expect(await costOf('local/llama3.2:latest')).toBeNull();
  });

  it('are refused where they make no sense', async () => {
    const refused = async (more: object) =>
      (await hub.call('PUT', '/api/v1/model-prices', { ...price, ...more })).status;

    expect(await refused({ connectorId: 'harbor' })).toBe(400);
    expect(await refused({ inputPerMillion: '-1' })).toBe(400);
    expect(await refused({ inputPerMillion: '0.0000001' })).toBe(400);
    expect(await refused({ asOf: '2026-13-45' })).toBe(400);
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
  openai.intercept = () => ({ headers: { 'content-type': 'text/event-stream' }, chunks: endless() });
  const stream = await client.chat.completions.create({
    model: 'main-openai/gpt-5.4',
    messages: say('x'),
    stream: true,
  });

  for await (const _ of stream) break;

  await expect.poll(() => openai.aborted, { timeout: 20_000 }).toBeGreaterThan(0);
});
