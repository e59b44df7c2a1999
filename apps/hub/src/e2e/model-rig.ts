/** Providers of models for end-to-end tests: the test kit's fakes behind real HTTP, and a hub with an integration of each. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  createFakeAnthropic,
  createFakeOllama,
  createFakeOpenAi,
  type Reply,
  type Responder,
} from '@inthub/connector-sdk/testing';
import OpenAI from 'openai';
import { expect } from 'vitest';
import { adminKey, startTestHub, type TestHub } from './testing.ts';

export interface Provider {
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

/** A hub, three providers behind it, and OpenAI's SDK before it. */
export interface ModelRig {
  readonly hub: TestHub;
  readonly openai: Provider;
  readonly anthropic: Provider;
  readonly ollama: Provider;
  readonly client: OpenAI;
  /** For `beforeEach`: what one test breaks is no other's trouble. */
  reset(): Promise<void>;
  stop(): Promise<void>;
}

export async function startModelRig(): Promise<ModelRig> {
  const hub = await startTestHub();
  const openai = await startProvider(createFakeOpenAi());
  const anthropic = await startProvider(createFakeAnthropic());
  const ollama = await startProvider(createFakeOllama());
  const providers = [openai, anthropic, ollama];
  const bearer = { kind: 'bearer_token', token: 'sk-canary-0123456789' };
  const apiKey = { kind: 'api_key', key: 'sk-canary-9876543210' };
  const openAiConfig = { endpoint: `${openai.url}/v1`, authMode: 'token' };
  const mainId = await install(hub, 'main-openai', 'model.openai', openAiConfig, bearer);
  await install(hub, 'main/anthropic', 'model.anthropic', { endpoint: anthropic.url, authMode: 'token' }, apiKey);
  await install(hub, 'paced-openai', 'model.openai', openAiConfig, bearer);
  await install(hub, 'local', 'model.ollama', { endpoint: ollama.url, authMode: 'none' });
  return {
    hub,
    openai,
    anthropic,
    ollama,
    client: new OpenAI({ apiKey: adminKey, baseURL: `${hub.url}/v1`, maxRetries: 0 }),
    async reset() {
      await hub.call('POST', `/api/v1/connectors/instances/${mainId}/circuit/close`, {});
      for (const provider of providers) {
        provider.intercept = undefined;
        provider.requests.length = 0;
        provider.aborted = 0;
      }
    },
    async stop() {
      await hub.stop();
      for (const provider of providers) await provider.stop();
    },
  };
}

async function install(
  hub: TestHub,
  name: string,
  type: string,
  config: object,
  credentials?: object,
): Promise<string> {
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

export const say = (content: string) => [{ role: 'user' as const, content }];
