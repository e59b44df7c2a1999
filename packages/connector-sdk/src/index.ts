export { type ActionDefinition, type AnyAction, defineAction, type UsageAmount, type UsageEstimate } from './action.ts';
export { type AuthMethod, type AuthScheme, authSchemeFor, type ExpirySign } from './auth-method.ts';
export { BaseConnector, toDefinition } from './base-connector.ts';
export {
  type CommunicationActionId,
  type CommunicationActionsOptions,
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
export {
  type RegistryActionId,
  type RegistryActionsOptions,
  type RegistryHandlers,
  registryActionIds,
  registryActionSpecs,
  registryActions,
  registryDiscovery,
} from './categories/registry.ts';
export type {
  ManifestDescription,
  RegistryRepository,
  RegistryTag,
  ScanSummary,
  TagResolution,
} from './categories/registry-schemas.ts';
export { composeConfigSchema } from './config-schema.ts';
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
  RegisteredWebhook,
  TranslatedEvent,
  WebhookAnswer,
  WebhookDefinition,
  WebhookRegistration,
  WebhookRegistrationRequest,
  WebhookVerdict,
} from './webhook.ts';
export { type HmacProof, hmacProof, sameText, tokenProof } from './webhook-proof.ts';
