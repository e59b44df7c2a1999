import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ChatResult, ModelProviderActionId } from '@inthub/connector-sdk';
import {
  type ApiDescription,
  createApiDescription,
  createFakeOllama,
  createMockGateway,
  faultConformance,
  jsonOf,
  manifestConformance,
  modelProviderConformance,
  modelStreamConformance,
  ollamaStream,
  type Responder,
  scriptedPrompts,
} from '@inthub/connector-sdk/testing';
import { Ollama } from 'ollama';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { ollama } from './connector.ts';

const vendorApis = process.env['VENDOR_APIS_DIR'] ?? join(import.meta.dirname, '../../../../shared/vendor-apis');
const descriptionFile = join(vendorApis, 'ollama/openapi.yaml');
const isDescribed = existsSync(descriptionFile);

const model = 'llama3.2:latest';
const models = ['llama3.2:latest', 'all-minilm:latest'];
const offered: readonly ModelProviderActionId[] = [
  'model.list',
  'model.capabilities',
  'chat.complete',
  'chat.stream',
  'embedding.create',
  'availability.check',
];
const chat = (content = scriptedPrompts.hello as string) => ({ model, messages: [{ role: 'user', content }] });
const gatewayOf = (respond: Responder = createFakeOllama()) => createMockGateway({ connector: ollama, respond });

function suite(name: string, respond: Responder): void {
  modelProviderConformance({
    name,
    offered,
    lacks: ['refusal'],
    fixtures: { model, models, embeddingModel: 'all-minilm:latest' },
    run: (action, input) => gatewayOf(respond).run(action, input),
    stream: (action, input) => gatewayOf(respond).stream(action, input),
  });
}

manifestConformance(ollama);
suite('ollama', createFakeOllama());
describe.skipIf(!isDescribed)(
  `by the vendor's description${isDescribed ? '' : ' (absent; set VENDOR_APIS_DIR)'}`,
  () => {
    let description: ApiDescription | undefined;
    const fake = createFakeOllama();
    suite('ollama', async (request, signal) => {
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
  connector: ollama,
  model,
  contentType: 'application/x-ndjson',
  body: (script) => ollamaStream(script, model),
  failure: { text: '{"error":"an error was encountered while running the model"}\n', code: 'provider_unavailable' },
});
faultConformance({
  connector: ollama,
  respond: () => createFakeOllama(),
  cases: [
    { action: 'model.list', input: {} },
    { action: 'model.capabilities', input: { model } },
    { action: 'chat.complete', input: chat() },
    { action: 'embedding.create', input: { model: 'all-minilm:latest', input: 'x' } },
  ],
});

describe('ollama', () => {
  it('is understood as its own client understands the same bytes', async () => {
    const respond = createFakeOllama();
    const client = new Ollama({ host: 'http://fake.test:11434', fetch: fetchOf(respond) });
    for (const content of [
      scriptedPrompts.hello,
      scriptedPrompts.scripts,
      scriptedPrompts.twoCities,
      scriptedPrompts.think,
    ]) {
      const ours = (await gatewayOf(respond).run('chat.complete', chat(content))) as ChatResult;
      const messages = [{ role: 'user', content }];
      const whole = await client.chat({ model, messages });
      const pieces = await Array.fromAsync(await client.chat({ model, messages, stream: true }));
      expect(whole.message.content).toBe(ours.content);
      expect(pieces.map(({ message }) => message.content).join('')).toBe(ours.content);
      expect(pieces.flatMap(({ message }) => message.tool_calls ?? []).map((call) => call.function.arguments)).toEqual(
        ours.toolCalls.map((call) => JSON.parse(call.arguments) as unknown),
      );
    }
    expect((await client.embed({ model, input: ['a', 'bb'] })).embeddings).toEqual(
      ((await gatewayOf(respond).run('embedding.create', { model, input: ['a', 'bb'] })) as { embeddings: unknown })
        .embeddings,
    );
  });

  it('has tokens but no price', async () => {
    const gateway = gatewayOf();

    expect(await gateway.run('chat.complete', chat())).toMatchObject({ usage: { totalTokens: 1050, cost: null } });
    expect([gateway.tokensUsed, gateway.costMicros]).toEqual([1050, 0]);
  });

  it('writes a conversation in Ollama’s form', async () => {
    const gateway = gatewayOf();

    await gateway.run('chat.complete', {
      model,
      system: 'Be brief.',
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'Weather?' },
            { type: 'image', data: 'aGk=', mediaType: 'image/png' },
          ],
        },
        { role: 'assistant', toolCalls: [{ id: 'call_0', name: 'weather', arguments: '{"city":"Bern"}' }] },
        { role: 'tool', toolCallId: 'call_0', content: '21' },
      ],
      maxOutputTokens: 5,
      stop: ['END'],
      responseFormat: { type: 'json' },
      providerOptions: { ollama: { keep_alive: '5m', options: { num_ctx: 8192 } } },
    });

    expect(jsonOf(gateway.requests[0]!)).toEqual({
      model,
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'Weather?', images: ['aGk='] },
        {
          role: 'assistant',
          content: '',
          tool_calls: [{ function: { name: 'weather', arguments: { city: 'Bern' } } }],
        },
        { role: 'tool', content: '21', tool_name: 'weather' },
      ],
      format: 'json',
      options: { num_predict: 5, stop: ['END'], num_ctx: 8192 },
      keep_alive: '5m',
      stream: false,
    });
  });

  it.each([
    ['to force a tool', { ...chat(), toolChoice: 'required' }, '/params/toolChoice'],
    [
      'an image by address',
      { model, messages: [{ role: 'user', content: [{ type: 'image', url: 'https://x.test/a.png' }] }] },
      '/params/messages/0/content/0',
    ],
    ['a schema without one', { ...chat(), responseFormat: { type: 'json_schema' } }, '/params/responseFormat/schema'],
  ])('refuses %s and names the place', async (_name, input, path) => {
    await expect(gatewayOf().run('chat.complete', input)).rejects.toMatchObject({
      code: 'invalid_request',
      errors: [{ path }],
    });
  });

  it('knows what a model can do from the server', async () => {
    expect(await gatewayOf().run('model.capabilities', { model })).toMatchObject({
      capabilities: ['chat', 'function_calling', 'vision', 'thinking'],
      contextWindow: 131_072,
      pricing: null,
      providerFields: { family: 'llama', parameter_size: '3.2B' },
    });
  });

  it('warns of a server without models', async () => {
    const empty = gatewayOf(createFakeOllama([]));

    expect(await empty.check('ollama.models')).toMatchObject({ status: 'warn' });
    expect(await gatewayOf().check('ollama.models')).toMatchObject({ status: 'pass' });
  });
});

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
        auth: 'none',
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
