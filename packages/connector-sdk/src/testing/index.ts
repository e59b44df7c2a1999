export { type ApiDescription, createApiDescription } from './api-description.ts';
export { type CiConformanceOptions, type CiFixtures, ciConformance } from './ci-conformance.ts';
export {
  type CommunicationConformanceOptions,
  type CommunicationFixtures,
  communicationConformance,
} from './communication-conformance.ts';
export type { Counterpart, StartCounterpart } from './counterpart.ts';
export {
  canaryCredential,
  createMockCredentialStore,
  findSecrets,
  type MockCredentialStore,
  secretsOf,
} from './credentials.ts';
export { firstOf, type Reply, type Responder, type SentRequest } from './exchange.ts';
export { anthropicStream, createFakeAnthropic } from './fake-anthropic.ts';
export { createFakeOllama, ollamaStream } from './fake-ollama.ts';
export { createFakeOpenAi, type FakeOpenAiOptions, jsonOf, openAiStream } from './fake-openai.ts';
export { createFakeProvider, type Expectation, type FakeProvider } from './fake-provider.ts';
export {
  createFakeRegistry,
  type FakeRegistryOptions,
  manifestTypes,
  type SampleIndex,
  type SampleManifest,
  sampleImage,
  sampleIndex,
  sampleManifest,
  sha256,
} from './fake-registry.ts';
export { type FaultCase, type FaultConformanceOptions, type FaultName, faultConformance } from './fault-conformance.ts';
export { createLoopbackTransport } from './loopback-transport.ts';
export { manifestConformance } from './manifest-conformance.ts';
export { createManualClock, type ManualClock } from './manual-clock.ts';
export { createMockGateway, type MockGateway } from './mock-gateway.ts';
export {
  type ModelProviderConformanceOptions,
  type ModelProviderFixtures,
  modelProviderConformance,
} from './model-provider-conformance.ts';
export {
  type ModelScript,
  modelScript,
  type ScriptedPrompt,
  scriptedPrompts,
} from './model-script.ts';
export { type ModelStreamConformanceOptions, modelStreamConformance } from './model-stream-conformance.ts';
export {
  type ProjectManagementConformanceOptions,
  projectManagementConformance,
} from './project-management-conformance.ts';
export { type RegistryConformanceOptions, type RegistryFixtures, registryConformance } from './registry-conformance.ts';
export { type RouterConformanceOptions, type RouterFixtures, routerConformance } from './router-conformance.ts';
export { type SourceControlConformanceOptions, sourceControlConformance } from './source-control-conformance.ts';
export type { SourceControlFixtures } from './source-control-suite.ts';
export type { ProjectManagementFixtures } from './task-conformance.ts';
export { createTestContext, type TestContext, type TestContextOptions } from './test-context.ts';
export { type VaultConformanceOptions, type VaultFixtures, vaultConformance } from './vault-conformance.ts';
export {
  type WebhookConformanceOptions,
  type WebhookSample,
  webhookConformance,
} from './webhook-conformance.ts';
export { createTestDelivery, type TestDeliveryOptions } from './webhook-delivery.ts';
