// Stage 1: may this caller do this with this integration, now?
import { type Clock, HubError, isId, type Principal, type Scope } from '@inthub/contracts';
import type { InstalledIntegration, Runtime } from '../../runtime/runtime.ts';
import type { CallState } from '../call-state.ts';
import { type DataScopeView, demandDataScope, demandDiscovery, discoveryScopeOf } from '../data-scope.ts';
import type { GatewayDeps } from '../gateway-deps.ts';
import type { GrantView, IntegrationView, IntegrationViews } from '../integration-view.ts';
import { isPromise } from '../maybe-promise.ts';
import { nearMatches } from '../near-matches.ts';
import { checkPlan, discoveryPlan, type Plan, testPlan, webhookPlan } from '../plan.ts';
import type { Target } from '../target.ts';
import type { Stage } from './stage.ts';

/** Longest time that any call may take. */
const maxTimeoutMs = 300_000;
const defaultTimeoutMs = 30_000;
/** Standard action of vaults: hands out a reference, never the secret. */
const referenceCapability = 'secret.ref';

export interface AuthoriseDeps {
  readonly findIntegration: GatewayDeps['findIntegration'];
  readonly runtime: Runtime;
  readonly views: IntegrationViews;
  readonly clock: Clock;
}

export function createAuthorise({ findIntegration, runtime, views, clock }: AuthoriseDeps): Stage {
  return {
    name: 'authorise',
    run(state) {
      const { principal, integrationId, signal, abort } = state.call;
      if (signal?.aborted === true || abort?.signal.aborted === true) throw new HubError('cancelled');
      demandScope(principal, state.target);
      if (!isId(integrationId)) throw noIntegration();
      const found = findIntegration(principal.tenantId, integrationId);
      return isPromise(found) ? found.then((integration) => admit(state, integration)) : admit(state, found);
    },
  };

  function admit(state: CallState, integration: InstalledIntegration): void {
    const { target } = state;
    const { principal } = state.call;
    if (integration.tenantId !== principal.tenantId) throw noIntegration();
    state.integration = integration;
    demandStatus(integration, target);
    const connector = runtime.registry.find(integration.connectorId);
    if (connector === undefined) {
      throw new HubError(
        'connector_unavailable',
        `Connector ${integration.connectorId} of this integration is not loaded.`,
      );
    }
    const view = views.of(integration, connector);
    state.view = view;
    const plan = planFor(target, integration, view);
    state.plan = plan;
    const capability = capabilityFor(plan, principal);
    if (capability !== null) {
      if (view.grant !== null) demandGrant(view.grant, capability, clock);
      else if (plan.sensitive && capability === plan.capability) throw notGranted(capability);
    }
    const restricted = view.grant?.dataScope ?? null;
    if (restricted !== null) demandData(restricted, target, plan, view);
    if (target.kind === 'action' && target.streaming && !integration.features.streamingEnabled) {
      throw new HubError(
        'not_granted',
        'Streaming is switched off for this integration; set features.streamingEnabled or do not stream.',
      );
    }
    setDeadline(state, plan, integration, clock);
  }
}

const scopesFor: Record<Target['kind'], readonly [Scope, ...Scope[]]> = {
  action: ['integrations.execute'],
  connection_test: ['integrations.execute', 'integrations.admin'],
  check: ['integrations.execute', 'integrations.admin'],
  discovery: ['integrations.read', 'integrations.execute'],
  webhook: ['webhooks.admin'],
};

function demandScope({ kind, scopes }: Principal, target: Target): void {
  // The hub's own schedulers carry no scopes; they call this room, never HTTP.
  if (kind === 'system' || scopes.has('platform.admin')) return;
  const accepted = scopesFor[target.kind];
  for (const scope of accepted) if (scopes.has(scope)) return;
  throw new HubError('forbidden', `This needs the scope ${accepted.join(' or ')}.`);
}

function noIntegration(): HubError {
  return new HubError('not_found', 'There is no such integration.');
}

/** What to do, for each state that refuses. */
const wayOut: Readonly<Record<string, string>> = {
  draft: 'Submit it and let a connection test pass.',
  pending_verification:
    'Run a connection test; it becomes active once one has passed (and been approved, where that is required).',
  failed: 'Mend the cause and run a connection test; one that passes makes it active again.',
  paused: 'Resume it.',
  uninstalling: 'It is being removed.',
  uninstalled: 'It has been removed.',
};
const callable = new Set(['active', 'degraded']);
/** A wizard lists what there is to choose from before the integration is active. */
const discoverable = new Set(['active', 'degraded', 'draft', 'pending_verification']);
const untestable = new Set(['uninstalling', 'uninstalled']);

function demandStatus({ status, lastError }: InstalledIntegration, target: Target): void {
  if (
    target.kind === 'connection_test' || target.kind === 'check' || isRemoval(target)
      ? !untestable.has(status)
      : target.kind === 'discovery'
        ? discoverable.has(status)
        : callable.has(status)
  ) {
    return;
  }
  const because = status === 'failed' && lastError ? ` The last check said: ${lastError}` : '';
  throw new HubError(
    'integration_inactive',
    `This integration is ${status}. ${wayOut[status] ?? ''}${because}`.trimEnd(),
    {
      details: { status },
    },
  );
}

/** What was set up at the product is taken down from whatever state. */
function isRemoval(target: Target): boolean {
  return target.kind === 'webhook' && target.change.kind === 'deregister';
}

function planFor(target: Target, integration: InstalledIntegration, view: IntegrationView): Plan {
  if (target.kind === 'connection_test') return testPlan;
  if (target.kind === 'discovery') return discoveryPlan;
  if (target.kind === 'check') {
    const check = checkPlan(view.connector.definition, target.checkId);
    if (check !== undefined) return check;
    throw new HubError('not_found', 'The connector of this integration has no such check.');
  }
  if (target.kind === 'webhook') {
    const webhook = webhookPlan(view.connector.definition, target);
    if (webhook !== undefined) return webhook;
    throw new HubError('not_found', 'The product has no interface for webhooks of this kind; set it up there by hand.');
  }
  const plan = view.plans.get(target.action);
  if (plan !== undefined) return plan;
  const offered = [...view.plans.keys()];
  const near = nearMatches(target.action, offered);
  const hint =
    near.length > 0 ? `Did you mean ${near.join(', ')}?` : `It offers ${offered.slice(0, 20).join(', ') || 'none'}.`;
  throw new HubError('unknown_action', `${integration.type} has no action "${target.action.slice(0, 128)}". ${hint}`, {
    details: { near },
  });
}

/** The hub itself opens a secret only in the place of a reference (`ref://vaults/…`): whoever may hand out the reference may use it. */
function capabilityFor({ sensitive, capability }: Plan, { kind }: Principal): string | null {
  return sensitive && kind === 'system' ? referenceCapability : capability;
}

function notGranted(capability: string): HubError {
  return new HubError(
    'not_granted',
    `Capability ${capability} is not granted to this integration; an admin can grant it.`,
    { details: { capability } },
  );
}

function demandGrant({ granted, denied, expiresAtMs }: GrantView, capability: string, clock: Clock): void {
  if (clock.now().getTime() >= expiresAtMs) {
    throw new HubError(
      'grant_expired',
      `The grant for this integration expired at ${new Date(expiresAtMs).toISOString()}; an admin can renew it.`,
    );
  }
  if (denied.has(capability)) {
    throw new HubError('not_granted', `Capability ${capability} is denied for this integration.`, {
      details: { capability },
    });
  }
  if (!granted.has(capability)) throw notGranted(capability);
}

/** Tests and checks concern no data; a webhook may be taken away under every grant. */
function demandData(restricted: DataScopeView, target: Target, plan: Plan, { connector }: IntegrationView): void {
  if (target.kind === 'action') demandDataScope(restricted, plan.name, plan.action?.dataScope, target.params);
  else if (target.kind === 'discovery')
    demandDiscovery(restricted, target, discoveryScopeOf(connector.definition.manifest, target.resourceType));
  else if (target.kind === 'webhook' && target.change.kind !== 'deregister')
    demandDataScope(restricted, plan.name, undefined, null);
}

function setDeadline(state: CallState, plan: Plan, integration: InstalledIntegration, clock: Clock): void {
  const given = state.call.timeoutMs;
  if (given !== undefined && !(given >= 1 && Number.isFinite(given))) {
    throw new HubError('invalid_request', '/timeoutMs must be a number of milliseconds, 1 or more.', {
      errors: [{ path: '/timeoutMs', rule: 'minimum', message: 'must be a number of milliseconds, 1 or more.' }],
    });
  }
  const configured = integration.config.timeout;
  const own =
    plan.timeoutMs === undefined && configured === undefined
      ? defaultTimeoutMs
      : Math.min(plan.timeoutMs ?? maxTimeoutMs, configured ?? maxTimeoutMs);
  const ownMs = Math.min(own, maxTimeoutMs);
  state.deadlineFrom = given !== undefined && given < ownMs ? 'caller' : 'integration';
  state.timeoutMs = Math.min(given ?? maxTimeoutMs, ownMs);
  state.deadlineMs = state.startedMs + state.timeoutMs;
  if (clock.monotonicMs() >= state.deadlineMs) throw new HubError('deadline_exceeded');
}
