export { expandScopes, isRole, isScope, type Principal, type Role, roles, type Scope, scopes } from './access.ts';
export { ActionError, type ActionEvent, ActionMetadata, ActionResult } from './action-result.ts';
export {
  type AnnotationLevel,
  annotationLevels,
  type CheckConclusion,
  checkConclusions,
  Finding,
  type FindingSeverity,
  FindingsRequest,
  FindingsResult,
  findingSeverities,
  KeptAnnotation,
  ScmAnnotation,
  ScmCheckRunRequest,
  ScmCommentRequest,
  type ScmOperation,
  ScmOperationResult,
  ScmStatusRequest,
  scmOperations,
  scmStatusStates,
} from './annotation.ts';
export {
  type AuthRef,
  type AuthRefScope,
  authRefPattern,
  authRefScopes,
  formatAuthRef,
  parseAuthRef,
} from './auth-ref.ts';
export {
  Budget,
  type BudgetMeasure,
  type BudgetMode,
  type BudgetRule,
  BudgetSetting,
  BudgetUsage,
  type BudgetWindow,
  budgetMeasures,
  budgetModes,
  budgetWindowAt,
  budgetWindows,
} from './budget.ts';
export { type ConnectorCategory, connectorCategories } from './category.ts';
export { type Clock, systemClock } from './clock.ts';
export { cloudEventOf } from './cloud-event.ts';
export { ConnectionDefaults, ConnectionProfile } from './connection-profile.ts';
export { ConnectionTestResult, Resource } from './connection-test.ts';
export { type CredentialKind, CredentialMaterial, credentialKinds } from './credential.ts';
export { type DataType, dataTypes } from './data-type.ts';
export { DoctorCheckResult, type DoctorCheckType, DoctorReport, doctorCheckTypes } from './doctor-report.ts';
export {
  type Blame,
  type ErrorCode,
  type ErrorCodeRow,
  errorCodes,
  isErrorCode,
  retiredErrorCodes,
} from './errors/codes.ts';
export { type FieldError, HubError, type HubErrorOptions, invalidField } from './errors/hub-error.ts';
export { Problem, toProblem } from './errors/problem.ts';
export { providerErrorCode } from './errors/provider-status.ts';
export { IntegrationEvent, type LifecycleEventType, lifecycleEventTypes } from './event.ts';
export {
  type ApiKeyId,
  type CredentialId,
  createId,
  type EventId,
  type IntegrationId,
  isId,
  type TenantId,
  type UserId,
} from './ids.ts';
export {
  type AuthMode,
  AuthRefText,
  authModes,
  baseConfigProperties,
  type HealthStatus,
  healthStatuses,
  Integration,
  type IntegrationConfig,
  IntegrationFeatures,
  Name,
  RateLimits,
  RetryPolicy,
} from './integration.ts';
export {
  failureThresholds,
  type InstanceStatus,
  type IntegrationStatus,
  instanceStatusOf,
  integrationStatuses,
  type LifecycleMove,
  type LifecyclePolicy,
  type LifecycleState,
  legalMoves,
  lifecycleMoves,
  type OperatorMove,
  operatorMoves,
  type TransitionResult,
  transition,
} from './lifecycle.ts';
export { ModelPrice } from './model-price.ts';
export { defaultFailOverCodes, ModelRoute, NewModelRoute } from './model-route.ts';
export { isMoney, Money } from './money.ts';
export { type Page, PageOf, PageQuery, pageLimits } from './pagination.ts';
export { isStorable, type Json, storableJson, storableText } from './storable.ts';
export { NullableTimestamp, Timestamp } from './timestamp.ts';
export {
  type DeliveryStatus,
  deliveryStatuses,
  WebhookAttempt,
  WebhookDelivery,
  WebhookDeliveryDetail,
} from './webhook-delivery.ts';
export {
  NewWebhookSubscription,
  type SigningScheme,
  signingSchemes,
  type WebhookKey,
  WebhookRetryPolicy,
  WebhookSecrets,
  WebhookSubscription,
  WebhookSubscriptionChange,
} from './webhook-subscription.ts';
