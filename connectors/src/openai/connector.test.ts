import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { type ChatResult, modelProviderActionIds } from '@inthub/connector-sdk';
import {
  type ApiDescription,
  createApiDescription,
  createFakeOpenAi,
  createMockGateway,
  faultConformance,
  jsonOf,
  manifestConformance,
  modelProviderConformance,
  modelStreamConformance,
  openAiStream,
  type Reply,
  type Responder,
  scriptedPrompts,
} from '@inthub/connector-sdk/testing';
import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { openai } from './connector.ts';

const vendorApis = process.env['VENDOR_APIS_DIR'] ?? join(import.meta.dirname, '../../../../shared/vendor-apis');
const descriptionFile = join(vendorApis, 'openai/openapi.yaml.gz');
const isDescribed = existsSync(descriptionFile);

const model = 'gpt-5.4';
const models = ['text-embedding-3-small', 'gpt-5.4', 'gpt-4o-mini'];
const chat = (content = scriptedPrompts.hello as string) => ({ model, messages: [{ role: 'user', content }] });
const gatewayOf = (respond: Responder = createFakeOpenAi(), config = {}) =>
  createMockGateway({ connector: openai, respond, config });

function suite(name: string, respond: Responder): void {
  modelProviderConformance({
    name,
    offered: modelProviderActionIds,
    fixtures: { model, models, embeddingModel: 'text-embedding-3-small' },
    run: (action, input) => gatewayOf(respond).run(action, input),
    stream: (action, input) => gatewayOf(respond).stream(action, input),
  });
}

manifestConformance(openai);
suite('openai', createFakeOpenAi());
describe.skipIf(!isDescribed)(
  `by the vendor's description${isDescribed ? '' : ' (absent; set VENDOR_APIS_DIR)'}`,
  () => {
    let description: ApiDescription | undefined;
    const fake = createFakeOpenAi();
    suite('openai, every request and answer checked', async (request, signal) => {
      description ??= createApiDescription(
        parse(gunzipSync(readFileSync(descriptionFile)).toString(), { maxAliasCount: -1 }),
        '/v1',
      );
      expect(description.checkRequest(request), `${request.method} ${request.url.href}`).toEqual([]);
      const reply = await fake(request, signal);
      if (reply?.json !== undefined && (reply.status ?? 200) < 300)
        expect(description.checkReply(request, 200, reply.json), request.url.href).toEqual([]);
      return reply;
    });
  },
);
modelStreamConformance({
  connector: openai,
  model,
  contentType: 'text/event-stream',
  body: (script) => openAiStream(script, model),
  failure: {
    text: 'data: {"error":{"message":"secret","type":"server_error","param":null,"code":null}}\n\n',
    code: 'provider_unavailable',
  },
});
faultConformance({
  connector: openai,
  respond: () => createFakeOpenAi(),
  cases: [
    { action: 'model.list', input: {} },
    { action: 'model.capabilities', input: { model } },
    { action: 'chat.complete', input: chat() },
    { action: 'embedding.create', input: { model: 'text-embedding-3-small', input: 'x' } },
    { action: 'tokens.count', input: { model, content: 'x' } },
  ],
});

describe('openai', () => {
  it('is understood as its own SDK understands the same bytes', async () => {
    const respond = createFakeOpenAi();
    const client = new OpenAI({ apiKey: 'x', baseURL: 'https://fake.test/v1', fetch: fetchOf(respond), maxRetries: 0 });
    for (const content of [
      scriptedPrompts.hello,
      scriptedPrompts.scripts,
      scriptedPrompts.twoCities,
      scriptedPrompts.limit,
    ]) {
      const ours = (await gatewayOf(respond).run('chat.complete', chat(content))) as ChatResult;
      const theirs = await client.chat.completions.create({ model, messages: [{ role: 'user', content }] });
      const stream = client.chat.completions.stream({ model, messages: [{ role: 'user', content }] });
      for (const { choices } of [theirs, await stream.finalChatCompletion()]) {
        const message = choices[0]?.message;
        expect(message?.content ?? '').toBe(ours.content);
        expect(
          (message?.tool_calls ?? []).map((call) => (call.type === 'function' ? call.function.arguments : '')),
        ).toEqual(ours.toolCalls.map((call) => call.arguments));
      }
    }
  });

  it('prices what was used, cached input apart, and reports it', async () => {
    const gateway = gatewayOf();

    const { usage } = (await gateway.run('chat.complete', chat())) as ChatResult;
    await gateway.stream('chat.stream', chat());

    // gpt-5.4: 800 × 2.50 + 200 × 0.25 + 50 × 15 dollars a million.
    expect(usage?.cost).toEqual({ amountMicros: 2800, currency: 'USD' });
    expect([gateway.tokensUsed, gateway.costMicros]).toEqual([2100, 5600]);
  });

  it('knows no price of a model that its table lacks', async () => {
    const respond = createFakeOpenAi({ models: ['my-model'] });

    const result = await gatewayOf(respond).run('chat.complete', { ...chat(), model: 'my-model' });

    expect(result).toMatchObject({ usage: { totalTokens: 1050, cost: null } });
  });

  it('says whose organization and project it is, and passes on what is OpenAI’s own', async () => {
    const gateway = gatewayOf(createFakeOpenAi(), { organization: 'org-1', project: 'proj_1' });

    await gateway.run('chat.complete', {
      ...chat(),
      maxOutputTokens: 5,
      user: 'u1',
      toolChoice: { name: 'weather' },
      tools: [{ name: 'weather', parameters: {} }],
      responseFormat: { type: 'json_schema', schema: { type: 'object' }, strict: true },
      providerOptions: { openai: { seed: 7, reasoning_effort: 'low' }, anthropic: { top_k: 1 } },
    });

    expect(gateway.requests[0]?.headers).toMatchObject({ 'openai-organization': 'org-1', 'openai-project': 'proj_1' });
    expect(jsonOf(gateway.requests[0]!)).toEqual({
      model,
      messages: [{ role: 'user', content: scriptedPrompts.hello }],
      max_completion_tokens: 5,
      user: 'u1',
      tools: [{ type: 'function', function: { name: 'weather', parameters: {} } }],
      tool_choice: { type: 'function', function: { name: 'weather' } },
      response_format: {
        type: 'json_schema',
        json_schema: { name: 'answer', schema: { type: 'object' }, strict: true },
      },
      seed: 7,
      reasoning_effort: 'low',
    });
  });

  it('lets nobody turn on what would change the form of the answer', async () => {
    for (const own of [{ stream: true }, { n: 2 }, { messages: [] }]) {
      await expect(
        gatewayOf().run('chat.complete', { ...chat(), providerOptions: { openai: own } }),
      ).rejects.toMatchObject({ code: 'invalid_request' });
    }
  });

  it.each<readonly [string, Reply, object]>([
    [
      'a prompt that is too long',
      problem(400, 'context_length_exceeded'),
      { code: 'provider_rejected', details: { reason: 'context_length_exceeded' } },
    ],
    [
      'a filtered prompt',
      problem(400, 'content_filter'),
      { code: 'provider_rejected', details: { reason: 'content_filter' } },
    ],
    [
      'a used up quota',
      problem(429, 'insufficient_quota'),
      { code: 'provider_rate_limited', retryable: false, details: { reason: 'quota_exhausted' } },
    ],
    [
      'a rate limit',
      { ...problem(429, 'rate_limit_exceeded'), headers: { 'retry-after': '3' } },
      { code: 'provider_rate_limited', retryable: true, retryAfterMs: 3000 },
    ],
    ['overload', problem(503, null), { code: 'provider_unavailable', details: { reason: 'overloaded' } }],
  ])('explains %s', async (_name, reply, expected) => {
    for (const ask of [
      () => gatewayOf(() => reply).run('chat.complete', chat()),
      () => gatewayOf(() => reply).stream('chat.stream', chat()),
    ]) {
      await expect(ask()).rejects.toMatchObject(expected);
    }
  });

  it('takes vectors that are missing or doubled for a bad answer', async () => {
    const entry = (index: number) => ({ object: 'embedding', index, embedding: [1] });
    for (const data of [[entry(0)], [entry(0), entry(0)], [entry(0), entry(2)]]) {
      const reply = { json: { object: 'list', model: 'e', data, usage: { prompt_tokens: 1, total_tokens: 1 } } };
      await expect(
        gatewayOf(() => reply).run('embedding.create', { model: 'e', input: ['a', 'b'] }),
      ).rejects.toMatchObject({ code: 'provider_bad_response' });
    }
  });

  it('is not available while it fails, and says why', async () => {
    expect(await gatewayOf(() => ({ status: 503 })).run('availability.check')).toMatchObject({
      available: false,
      reason: 'provider_unavailable',
    });
    await expect(gatewayOf(() => ({ status: 401 })).run('availability.check')).rejects.toMatchObject({
      code: 'provider_unauthenticated',
    });
  });

  it('discovers models', async () => {
    expect((await gatewayOf().discover('models')).items.map(({ id }) => id)).toEqual([...models].sort());
  });
});

function problem(status: number, code: string | null): Reply {
  return { status, json: { error: { message: 'No.', type: 'invalid_request_error', param: null, code } } };
}

/** The fake as the SDK's `fetch`. */
function fetchOf(respond: Responder): typeof fetch {
  return async (input, init) => {
    const request = new Request(input as string, init);
    const body = new Uint8Array(await request.arrayBuffer());
    const reply = await respond(
      {
        method: request.method as 'POST',
        url: new URL(request.url),
        headers: Object.fromEntries(request.headers),
        body: body.length === 0 ? null : body,
        auth: 'bearer',
      },
      request.signal,
    );
    const pieces = reply?.chunks === undefined ? undefined : Buffer.concat(await Array.fromAsync(reply.chunks));
    return new Response(pieces ?? JSON.stringify(reply?.json), {
      status: reply?.status ?? 200,
      headers: { 'content-type': 'application/json', ...reply?.headers },
    });
  };
}
