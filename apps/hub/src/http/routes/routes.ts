import type { App } from '../fastify-types.ts';
import type { Services } from '../services.ts';
import { createCheckRun } from './annotations/create-check-run.ts';
import { keptAnnotation } from './annotations/kept-annotation.ts';
import { listKeptAnnotations } from './annotations/list-kept.ts';
import { postComment } from './annotations/post-comment.ts';
import { postStatus } from './annotations/post-status.ts';
import { publishFindings } from './annotations/publish-findings.ts';
import { createApiKey } from './api-keys/create-api-key.ts';
import { listApiKeys } from './api-keys/list-api-keys.ts';
import { revokeApiKey } from './api-keys/revoke-api-key.ts';
import { listAudit } from './audit/list-audit.ts';
import { resealAudit } from './audit/reseal-audit.ts';
import { verifyAudit } from './audit/verify-audit.ts';
import { getBudget } from './budgets/get-budget.ts';
import { getBudgetUsage } from './budgets/get-budget-usage.ts';
import { listBudgets } from './budgets/list-budgets.ts';
import { removeBudget } from './budgets/remove-budget.ts';
import { setBudget } from './budgets/set-budget.ts';
import { createProfile } from './connection-profiles/create-profile.ts';
import { deleteProfile } from './connection-profiles/delete-profile.ts';
import { getDefaults } from './connection-profiles/get-defaults.ts';
import { getProfile } from './connection-profiles/get-profile.ts';
import { listProfiles } from './connection-profiles/list-profiles.ts';
import { replaceProfile } from './connection-profiles/replace-profile.ts';
import { changeDeadLetters } from './dead-letters/change-dead-letters.ts';
import { listDeadLetters } from './dead-letters/list-dead-letters.ts';
import { getEvent } from './events/get-event.ts';
import { listConsumers } from './events/list-consumers.ts';
import { listEvents } from './events/list-events.ts';
import { listExpiries } from './events/list-expiries.ts';
import { streamEvents } from './events/stream-events.ts';
import { createEndpoint } from './inbound-webhooks/create-endpoint.ts';
import { deleteEndpoint } from './inbound-webhooks/delete-endpoint.ts';
import { getDelivery } from './inbound-webhooks/get-delivery.ts';
import { listDeliveries } from './inbound-webhooks/list-deliveries.ts';
import { listEndpoints } from './inbound-webhooks/list-endpoints.ts';
import { listKinds } from './inbound-webhooks/list-kinds.ts';
import { receiveDelivery } from './inbound-webhooks/receive-delivery.ts';
import { rotateEndpoint } from './inbound-webhooks/rotate-endpoint.ts';
import { translateDeliveries } from './inbound-webhooks/translate-deliveries.ts';
import { authCallback } from './instances/auth-callback.ts';
import { authenticateInstance } from './instances/authenticate-instance.ts';
import { changeInstance } from './instances/change-instance.ts';
import { circuit } from './instances/circuit.ts';
import { executeAction } from './instances/execute-action.ts';
import { getInstance } from './instances/get-instance.ts';
import { getInstanceHealth } from './instances/get-instance-health.ts';
import { getMetrics } from './instances/get-metrics.ts';
import { installInstance } from './instances/install-instance.ts';
import { listInstanceEvents } from './instances/list-instance-events.ts';
import { listInstances } from './instances/list-instances.ts';
import { moveInstance } from './instances/move-instance.ts';
import { permissions } from './instances/permissions.ts';
import { sync } from './instances/sync.ts';
import { uninstallInstance } from './instances/uninstall-instance.ts';
import { getType } from './integration-types/get-type.ts';
import { listTypes } from './integration-types/list-types.ts';
import { changeIntegration } from './integrations/change-integration.ts';
import { createIntegration } from './integrations/create-integration.ts';
import { discoverResources } from './integrations/discover-resources.ts';
import { getDoctorHistory } from './integrations/get-doctor-history.ts';
import { getHealth } from './integrations/get-health.ts';
import { getHealthHistory } from './integrations/get-health-history.ts';
import { getIntegration } from './integrations/get-integration.ts';
import { listIntegrations } from './integrations/list-integrations.ts';
import { moveIntegration } from './integrations/move-integration.ts';
import { replaceIntegration } from './integrations/replace-integration.ts';
import { runDoctor } from './integrations/run-doctor.ts';
import { testIntegration } from './integrations/test-integration.ts';
import { uninstallIntegration } from './integrations/uninstall-integration.ts';
import { createModelRoute } from './models/create-route.ts';
import { getModelRoute } from './models/get-route.ts';
import { listModelPrices } from './models/list-prices.ts';
import { listModelRoutes } from './models/list-routes.ts';
import { removeModelPrice } from './models/remove-price.ts';
import { removeModelRoute } from './models/remove-route.ts';
import { replaceModelRoute } from './models/replace-route.ts';
import { setModelPrice } from './models/set-price.ts';
import { createChatCompletion } from './openai/create-chat-completion.ts';
import { createEmbedding } from './openai/create-embedding.ts';
import { listModels } from './openai/list-models.ts';
import { getEgressProof } from './operations/get-egress-proof.ts';
import { probes } from './operations/probes.ts';
import { rekeyVault } from './operations/rekey-vault.ts';
import { whoAmI } from './operations/who-am-i.ts';
import { getConnector } from './registry/get-connector.ts';
import { listConnectors } from './registry/list-connectors.ts';
import { retentionRoutes } from './retention/retention.ts';
import { changeTenant } from './tenants/change-tenant.ts';
import { createTenant } from './tenants/create-tenant.ts';
import { createTenantApiKey } from './tenants/create-tenant-api-key.ts';
import { listTenants } from './tenants/list-tenants.ts';
import { changeUser } from './users/change-user.ts';
import { createUser } from './users/create-user.ts';
import { listUsers } from './users/list-users.ts';
import { changeSubscription } from './webhooks/change-subscription.ts';
import { createSubscription } from './webhooks/create-subscription.ts';
import { deleteSubscription } from './webhooks/delete-subscription.ts';
import { getOutgoingDelivery } from './webhooks/get-delivery.ts';
import { getSubscription } from './webhooks/get-subscription.ts';
import { listDeadDeliveries } from './webhooks/list-dead-deliveries.ts';
import { listOutgoingDeliveries } from './webhooks/list-deliveries.ts';
import { listSubscriptions } from './webhooks/list-subscriptions.ts';
import { moveDelivery } from './webhooks/move-delivery.ts';
import { moveSubscription } from './webhooks/move-subscription.ts';
import { recoverDeliveries } from './webhooks/recover-deliveries.ts';
import { redriveDeliveries } from './webhooks/redrive-deliveries.ts';
import { rotateSecret } from './webhooks/rotate-secret.ts';
import { testSubscription } from './webhooks/test-subscription.ts';

/** Every endpoint of the hub, one line each. */
export const routes: readonly ((app: App, services: Services) => void)[] = [
  probes,
  whoAmI,
  listTypes,
  getType,
  listIntegrations,
  createIntegration,
  getIntegration,
  replaceIntegration,
  changeIntegration,
  uninstallIntegration,
  testIntegration,
  moveIntegration,
  getHealth,
  getHealthHistory,
  runDoctor,
  getDoctorHistory,
  discoverResources,
  receiveDelivery,
  listKinds,
  listEndpoints,
  createEndpoint,
  rotateEndpoint,
  deleteEndpoint,
  listDeliveries,
  getDelivery,
  translateDeliveries,
  listProfiles,
  createProfile,
  getDefaults,
  getProfile,
  replaceProfile,
  deleteProfile,
  listConnectors,
  getConnector,
  listInstances,
  installInstance,
  getInstance,
  changeInstance,
  uninstallInstance,
  authenticateInstance,
  authCallback,
  executeAction,
  getInstanceHealth,
  circuit,
  sync,
  listInstanceEvents,
  permissions,
  getMetrics,
  moveInstance,
  listSubscriptions,
  createSubscription,
  listDeadDeliveries,
  redriveDeliveries,
  getSubscription,
  changeSubscription,
  deleteSubscription,
  moveSubscription,
  rotateSecret,
  testSubscription,
  recoverDeliveries,
  listOutgoingDeliveries,
  getOutgoingDelivery,
  moveDelivery,
  createTenant,
  listTenants,
  changeTenant,
  createTenantApiKey,
  createUser,
  listUsers,
  changeUser,
  createApiKey,
  listApiKeys,
  revokeApiKey,
  listAudit,
  verifyAudit,
  resealAudit,
  postComment,
  postStatus,
  createCheckRun,
  publishFindings,
  listKeptAnnotations,
  keptAnnotation,
  listBudgets,
  setBudget,
  getBudget,
  getBudgetUsage,
  removeBudget,
  listEvents,
  streamEvents,
  getEvent,
  listDeadLetters,
  changeDeadLetters,
  listExpiries,
  listConsumers,
  retentionRoutes,
  listModelPrices,
  setModelPrice,
  removeModelPrice,
  listModelRoutes,
  createModelRoute,
  getModelRoute,
  replaceModelRoute,
  removeModelRoute,
  createChatCompletion,
  createEmbedding,
  listModels,
  rekeyVault,
  getEgressProof,
];
