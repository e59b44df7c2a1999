export { type ActionDefinition, type AnyAction, defineAction, type UsageAmount, type UsageEstimate } from './action.ts';
export {
  type AuthMethod,
  type AuthScheme,
  authMethodsOf,
  authSchemeFor,
  type ExpirySign,
  type JwtExchange,
  type ScopeHeaders,
} from './auth-method.ts';
export { BaseConnector, toDefinition } from './base-connector.ts';
export type {
  Comment,
  FoundIssue,
  Issue,
  MergeResult,
  PullRequest,
  PullRequestDetail,
  PullRequestReview,
} from './categories/change-schemas.ts';
export { type ChatCollector, createChatCollector } from './categories/chat-collector.ts';
export {
  type CiActionId,
  type CiHandlers,
  ciActionIds,
  ciActionSpecs,
  ciActions,
} from './categories/ci.ts';
export type {
  Artifact,
  ArtifactContent,
  CancelledRun,
  Job,
  JobLog,
  TriggeredRun,
  Workflow,
  WorkflowRun,
  WorkflowRunDetail,
} from './categories/ci-schemas.ts';
export {
  type CommunicationActionId,
  type CommunicationHandlers,
  communicationActionIds,
  communicationActionSpecs,
  communicationActions,
  communicationDiscovery,
} from './categories/communication.ts';
export type {
  Channel,
  ChannelDetail,
  Message,
  MessageBlock,
  MessageInput,
} from './categories/communication-schemas.ts';
export { costOfTokens, findModelPrice, pricingOf, type TokenCounts } from './categories/model-cost.ts';
export {
  explainModelError,
  type ModelFault,
  type ModelRefusal,
  midStreamError,
  modelRefusals,
  probeAvailability,
} from './categories/model-errors.ts';
export {
  type Counted,
  type CountedDelta,
  type ModelProviderActionId,
  type ModelProviderActionsOptions,
  type ModelProviderHandlers,
  modelProviderActionIds,
  modelProviderActionSpecs,
  modelProviderActions,
  modelProviderDiscovery,
} from './categories/model-provider.ts';
export {
  type Availability,
  type ChatContentPart,
  type ChatDelta,
  ChatInput,
  type ChatMessage,
  type ChatRequest,
  type ChatResult,
  type ChatToolCall,
  type EmbeddingRequest,
  type EmbeddingResult,
  type ModelAbility,
  type ModelDefinition,
  type ModelDetails,
  type ModelUsage,
  modelAbilities,
  type StopReason,
  stopReasons,
  type TokenCount,
  type TokenCountRequest,
} from './categories/model-provider-schemas.ts';
export {
  type ProjectManagementActionId,
  type ProjectManagementHandlers,
  projectManagementActionIds,
  projectManagementActionSpecs,
  projectManagementActions,
  projectManagementDiscovery,
} from './categories/project-management.ts';
export {
  type Project,
  type ProjectDetail,
  type Task,
  type TaskComment,
  type TaskCreate,
  type TaskDetail,
  type TaskLabel,
  type TaskPriority,
  type TaskStatus,
  type TaskStatusCategory,
  type TaskTransition,
  type TaskUpdate,
  taskPriorities,
} from './categories/project-management-schemas.ts';
export {
  type RegistryActionId,
  type RegistryActionsOptions,
  type RegistryHandlers,
  registryActionIds,
  registryActionSpecs,
  registryActions,
  registryDiscovery,
  registryDiscoveryScope,
} from './categories/registry.ts';
export type {
  ManifestDescription,
  RegistryRepository,
  RegistryTag,
  ScanSummary,
  TagResolution,
} from './categories/registry-schemas.ts';
export {
  ciDiscovery,
  repositoryDiscoveryScope,
  sourceControlDiscovery,
} from './categories/repository-discovery.ts';
export {
  type RouterActionId,
  type RouterHandlers,
  routerActionIds,
  routerActionSpecs,
  routerActions,
  routerDiscovery,
} from './categories/router.ts';
export { type RouterBackend, RouterUpstream } from './categories/router-schemas.ts';
export {
  type SourceControlActionId,
  type SourceControlHandlers,
  sourceControlActionIds,
  sourceControlActionSpecs,
  sourceControlActions,
} from './categories/source-control.ts';
export {
  type Branch,
  type CodeSearchResult,
  type Commit,
  type CommitDetail,
  type CommitStatus,
  type FileContent,
  type GitTag,
  type Repository,
  type RepositoryClone,
  type Tree,
  type TreeNode,
  type WebhookRegistrationResult,
  type WebhookTopic,
  webhookTopics,
} from './categories/source-control-schemas.ts';
export type { StandardActionsOptions } from './categories/standard-actions.ts';
export {
  type VaultActionId,
  type VaultHandlers,
  vaultActionIds,
  vaultActionSpecs,
  vaultActions,
  vaultDiscovery,
  vaultReference,
} from './categories/vault.ts';
export { type SecretEntry, secretPathPattern } from './categories/vault-schemas.ts';
export { composeConfigSchema } from './config-schema.ts';
export {
  type ConnectionStep,
  type Remedies,
  type RemedyOptions,
  remedyCheck,
  testBySteps,
} from './connection-check.ts';
export type {
  CheckOutcome,
  ConnectionReport,
  ConnectorCheck,
  ConnectorDefinition,
  Discover,
  DiscoverQuery,
} from './connector.ts';
export type { ActionContext, ConnectorLog, ReportedUsage, TagCache } from './context.ts';
export type { DataScope, DiscoveryScope, ProjectPlace } from './data-scope.ts';
export { Action, type ActionOptions, ActionStream, Capability, Webhook } from './decorators.ts';
export { actionsOfType, type ConnectorOptions, defineConnector } from './define-connector.ts';
export {
  parseEventStream,
  parseLines,
  requireStreamOf,
  type ServerSentEvent,
  type StreamBounds,
} from './event-stream.ts';
export type { HttpClient, HttpHeaders, HttpOptions, HttpRequest, HttpResponse, QueryValue } from './http.ts';
export {
  digestPattern,
  formatImageReference,
  type ImageReference,
  isDigest,
  isRepositoryName,
  isTag,
  parseImageReference,
  repositoryPattern,
  tagPattern,
} from './image-reference.ts';
export { letterIcon } from './letter-icon.ts';
export { type Link, parseLinkHeader } from './link-header.ts';
export type {
  CircuitSettings,
  ConnectorManifest,
  ConnectorMetadata,
  EgressManifest,
  IntegrationTypeManifest,
  LimitBuckets,
  ProfileTemplate,
  RateLimitHeaders,
  RequiredPermission,
} from './manifest.ts';
export {
  decodeCursor,
  type EachPageOptions,
  eachPage,
  encodeCursor,
  type NumberedPagesOptions,
  nextLink,
  numberedPages,
  type RepageOptions,
  repage,
  sameOrigin,
} from './pagination.ts';
export { toTimestamp } from './provider-timestamp.ts';
export { checkValue, decodeProviderText, parseProviderJson, requireValue } from './schema-validator.ts';
export { ManifestError, validateManifest } from './validate-manifest.ts';
export type {
  InboundDelivery,
  InboundQuery,
  RegisteredWebhook,
  TranslatedEvent,
  WebhookAnswer,
  WebhookDefinition,
  WebhookRegistration,
  WebhookRegistrationRequest,
  WebhookRenewal,
  WebhookVerdict,
} from './webhook.ts';
export { deliveryJson, findDeliveryJson } from './webhook-body.ts';
export { boundedPayload, type JsonObject, objectAt, parseJsonObject, textAt } from './webhook-payload.ts';
export { type HmacProof, hmacProof, sameText, tokenProof } from './webhook-proof.ts';
export { type StandardWebhook, standardWebhook } from './webhook-standard.ts';
