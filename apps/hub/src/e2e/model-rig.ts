/** Providers of models for end-to-end tests: the test kit's fakes behind real HTTP, and a hub with an integration of each. */
import { createFakeAnthropic, createFakeOllama, createFakeOpenAi } from '@inthub/connector-sdk/testing';
import OpenAI from 'openai';
import { afterAll, beforeAll, beforeEach, expect } from 'vitest';
import { type Provider, startProvider } from './provider.ts';
import { adminKey, startTestHub, type TestHub } from './testing.ts';

/** A hub, three providers behind it, and OpenAI's SDK before it. */
export interface ModelRig {
  readonly hub: TestHub;
  readonly openai: Provider;
  readonly anthropic: Provider;
  readonly ollama: Provider;
  readonly client: OpenAI;
}

interface StartedModelRig extends ModelRig {
  /** What one test breaks is no other's trouble. */
  reset(): Promise<void>;
  stop(): Promise<void>;
}

/** One for all tests of a file: started before them, put right before each, stopped after them. */
export function useModelRig(): ModelRig {
  let started: StartedModelRig | undefined;
  const rig = () => started as StartedModelRig;
  beforeAll(async () => {
    started = await startModelRig();
  });
  beforeEach(() => rig().reset());
  afterAll(() => started?.stop());
  return {
    get hub() {
      return rig().hub;
    },
    get openai() {
      return rig().openai;
    },
    get anthropic() {
      return rig().anthropic;
    },
    get ollama() {
      return rig().ollama;
    },
    get client() {
      return rig().client;
    },
  };
}

async function startModelRig(): Promise<StartedModelRig> {
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
