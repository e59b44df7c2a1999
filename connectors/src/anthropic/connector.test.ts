import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Anthropic from '@anthropic-ai/sdk';
import type { ChatResult, ModelProviderActionId } from '@inthub/connector-sdk';
import {
  type ApiDescription,
  anthropicStream,
  createApiDescription,
  createFakeAnthropic,
  createMockGateway,
  faultConformance,
  jsonOf,
  manifestConformance,
  modelProviderConformance,
  modelStreamConformance,
  type Reply,
  type Responder,
  scriptedPrompts,
} from '@inthub/connector-sdk/testing';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { anthropic } from './connector.ts';

const vendorApis = process.env['VENDOR_APIS_DIR'] ?? join(import.meta.dirname, '../../../../shared/vendor-apis');
const descriptionFile = join(vendorApis, 'anthropic/openapi.yaml');
const isDescribed = existsSync(descriptionFile);

const model = 'claude-opus-5';
const models = ['claude-opus-5', 'claude-sonnet-5', 'claude-haiku-4-5'];
const offered: readonly ModelProviderActionId[] = [
  'model.list',
  'model.capabilities',
  'chat.complete',
  'chat.stream',
  'tokens.count',
  'availability.check',
];
const chat = (content = scriptedPrompts.hello as string) => ({ model, messages: [{ role: 'user', content }] });
const gatewayOf = (respond: Responder = createFakeAnthropic()) => createMockGateway({ connector: anthropic, respond });

function suite(name: string, respond: Responder): void {
  modelProviderConformance({
    name,
    offered,
    fixtures: { model, models },
    run: (action, input) => gatewayOf(respond).run(action, input),
    stream: (action, input) => gatewayOf(respond).stream(action, input),
  });
}

manifestConformance(anthropic);
suite('anthropic', createFakeAnthropic());
describe.skipIf(!isDescribed)(
  `by the vendor's description${isDescribed ? '' : ' (absent; set VENDOR_APIS_DIR)'}`,
  () => {
    let description: ApiDescription | undefined;
    const fake = createFakeAnthropic();
    suite('anthropic, every request and answer checked', async (request, signal) => {
      description ??= createApiDescription(parse(readFileSync(descriptionFile, 'utf8')));
      expect(description.checkRequest(request), `${request.method} ${request.url.href}`).toEqual([]);
      const reply = await fake(request, signal);
      if (reply?.json !== undefined && (reply.status ?? 200) < 300)
        expect(description.checkReply(request, 200, reply.json), request.url.href).toEqual([]);
      return reply;
    });
  },
);
modelStreamConformance({
  connector: anthropic,
  model,
  contentType: 'text/event-stream',
  body: (script) => anthropicStream(script, model),
  failure: {
    text: 'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}\n\n',
    code: 'provider_unavailable',
  },
});
faultConformance({
  connector: anthropic,
  respond: () => createFakeAnthropic(),
  cases: [
    { action: 'model.list', input: {} },
    { action: 'model.capabilities', input: { model } },
    { action: 'chat.complete', input: chat() },
    { action: 'tokens.count', input: { model, content: 'x' } },
  ],
});

describe('anthropic', () => {
  it('is understood as its own SDK understands the same bytes', async () => {
    const respond = createFakeAnthropic();
    const client = new Anthropic({ apiKey: 'x', baseURL: 'https://fake.test', fetch: fetchOf(respond), maxRetries: 0 });
    for (const content of [
      scriptedPrompts.hello,
      scriptedPrompts.scripts,
      scriptedPrompts.twoCities,
      scriptedPrompts.think,
    ]) {
      const ours = (await gatewayOf(respond).run('chat.complete', chat(content))) as ChatResult;
      const request = { model, max_tokens: 100, messages: [{ role: 'user' as const, content }] };
      for (const theirs of [
        await client.messages.create(request),
        await client.messages.stream(request).finalMessage(),
      ]) {
        expect(theirs.content.map((block) => (block.type === 'text' ? block.text : '')).join('')).toBe(ours.content);
        expect(theirs.content.flatMap((block) => (block.type === 'tool_use' ? [block.input] : []))).toEqual(
          ours.toolCalls.map((call) => JSON.parse(call.arguments) as unknown),
        );
        expect(theirs.content.flatMap((block) => (block.type === 'thinking' ? [block.signature] : []))).toEqual(
          ours.thinkingParts.map(({ signature }) => signature),
        );
      }
    }
    const counted = await client.messages.countTokens({ model, messages: [{ role: 'user', content: 'x' }] });
    expect(await gatewayOf(respond).run('tokens.count', { model, content: 'x' })).toEqual({
      model,
      inputTokens: counted.input_tokens,
    });
  });

  it('counts cached input in, and prices it apart', async () => {
    const gateway = gatewayOf();

    const { usage } = (await gateway.run('chat.complete', chat())) as ChatResult;
    await gateway.stream('chat.stream', chat());

    expect(usage).toMatchObject({ inputTokens: 1000, cachedInputTokens: 200, cacheWriteTokens: 0 });
    // claude-opus-5: 800 × 5 + 200 × 0.50 + 50 × 25 dollars a million.
    expect(usage?.cost).toEqual({ amountMicros: 5350, currency: 'USD' });
    expect([gateway.tokensUsed, gateway.costMicros]).toEqual([2100, 10_700]);
  });

  it('reports what was read when its reader leaves after the first piece', async () => {
    const gateway = gatewayOf();

    for await (const _ of anthropic.actions.get('chat.stream')?.stream?.(chat(), gateway.ctx) ?? []) break;

    expect(gateway.tokensUsed).toBe(1001);
  });

  it('writes a conversation in Anthropic’s form', async () => {
    const gateway = gatewayOf();

    await gateway.run('chat.complete', {
      model,
      system: 'Be brief.',
      messages: [
        { role: 'system', content: 'Be kind.' },
        { role: 'user', content: 'Weather?' },
        {
          role: 'assistant',
          content: [
            { type: 'thinking', text: 'Hm', signature: 'c2ln' },
            { type: 'thinking', text: 'unsigned' },
            { type: 'text', text: '' },
          ],
          toolCalls: [
            { id: 'a', name: 'weather', arguments: '{"city":"Bern"}' },
            { id: 'b', name: 'clock', arguments: '' },
          ],
        },
        { role: 'tool', toolCallId: 'a', content: '21' },
        { role: 'tool', toolCallId: 'b', content: [{ type: 'text', text: 'noon' }] },
      ],
      tools: [{ name: 'weather', parameters: { properties: {} } }],
      toolChoice: 'required',
      stop: ['END'],
      user: 'u1',
      responseFormat: { type: 'json_schema', schema: { type: 'object' } },
      providerOptions: { anthropic: { top_k: 5 } },
    });

    expect(gateway.requests[0]?.headers).toMatchObject({
      'anthropic-version': '2023-06-01',
      'x-api-key': expect.any(String),
    });
    expect(jsonOf(gateway.requests[0]!)).toEqual({
      model,
      max_tokens: 4096,
      system: 'Be brief.\n\nBe kind.',
      messages: [
        { role: 'user', content: 'Weather?' },
        {
          role: 'assistant',
          content: [
            { type: 'thinking', thinking: 'Hm', signature: 'c2ln' },
            { type: 'tool_use', id: 'a', name: 'weather', input: { city: 'Bern' } },
            { type: 'tool_use', id: 'b', name: 'clock', input: {} },
          ],
        },
        {
          role: 'user',
          content: [
            { type: 'tool_result', tool_use_id: 'a', content: '21' },
            { type: 'tool_result', tool_use_id: 'b', content: [{ type: 'text', text: 'noon' }] },
          ],
        },
      ],
      tools: [{ name: 'weather', input_schema: { type: 'object', properties: {} } }],
      tool_choice: { type: 'any' },
      stop_sequences: ['END'],
      metadata: { user_id: 'u1' },
      output_config: { format: { type: 'json_schema', schema: { type: 'object' } } },
      top_k: 5,
    });
  });

  it.each([
    ['a temperature above 1', { ...chat(), temperature: 1.5 }, '/params/temperature'],
    ['JSON without a schema', { ...chat(), responseFormat: { type: 'json' } }, '/params/responseFormat/schema'],
    [
      'arguments that are no object',
      { model, messages: [{ role: 'assistant', toolCalls: [{ id: 'a', name: 'x', arguments: '[1]' }] }] },
      '/params/messages/0/toolCalls/0/arguments',
    ],
    ['an empty turn', { model, messages: [{ role: 'assistant', content: '' }] }, '/params/messages/0'],
    ['system messages alone', { model, messages: [{ role: 'system', content: 'x' }] }, '/params/messages'],
    [
      'another stream',
      { ...chat(), providerOptions: { anthropic: { stream: true } } },
      '/params/providerOptions/anthropic/stream',
    ],
  ])('refuses %s and names the place', async (_name, input, path) => {
    await expect(gatewayOf().run('chat.complete', input)).rejects.toMatchObject({
      code: 'invalid_request',
      errors: [{ path }],
    });
  });

  it.each<readonly [string, Reply, object]>([
    ['overload', problem(529, 'overloaded_error'), { code: 'provider_unavailable', details: { reason: 'overloaded' } }],
    [
      'a prompt that is too long',
      { status: 400, text: 'prompt is too long: 210000 tokens > 200000 maximum' },
      { code: 'provider_rejected' },
    ],
    [
      'a used up credit',
      problem(402, 'billing_error'),
      { code: 'provider_rejected', retryable: false, details: { reason: 'quota_exhausted' } },
    ],
    [
      'a rate limit',
      { ...problem(429, 'rate_limit_error'), headers: { 'retry-after': '3' } },
      { code: 'provider_rate_limited', retryAfterMs: 3000 },
    ],
  ])('explains %s', async (_name, reply, expected) => {
    for (const ask of [
      () => gatewayOf(() => reply).run('chat.complete', chat()),
      () => gatewayOf(() => reply).stream('chat.stream', chat()),
    ]) {
      await expect(ask()).rejects.toMatchObject(expected);
    }
  });

  it('tells what each model can do, as the newer API says, and does not guess where it does not', async () => {
    const { items } = (await gatewayOf().run('model.list')) as { items: unknown[] };
    const old = { id: 'x', type: 'model', display_name: 'X', created_at: '2025-01-01T00:00:00Z' };

    expect(items[0]).toMatchObject({
      contextWindow: 1_000_000,
      maxOutputTokens: 128_000,
      capabilities: ['chat', 'function_calling', 'vision', 'thinking'],
      pricing: { inputPer1kTokens: 0.005, outputPer1kTokens: 0.025, currency: 'USD' },
    });
    expect(await gatewayOf(() => ({ json: old })).run('model.capabilities', { model: 'x' })).toMatchObject({
      capabilities: null,
      contextWindow: null,
      pricing: null,
    });
  });
});

function problem(status: number, type: string): Reply {
  return { status, json: { type: 'error', error: { type, message: 'No.' }, request_id: null } };
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
