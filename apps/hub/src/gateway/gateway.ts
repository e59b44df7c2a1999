import type { CheckOutcome, RegisteredWebhook } from '@inthub/connector-sdk';
import {
  type ConnectionTestResult,
  HubError,
  type Page,
  type Principal,
  type Resource,
  type TenantId,
} from '@inthub/contracts';
import { createDeadlineWatch } from '../egress/egress.ts';
import { actionOutcomeOf, findingOf, pageOf, registrationOf, testResultOf } from './answers.ts';
import { createAuditQueue } from './audit-queue.ts';
import type {
  ActionCall,
  ActionOutcome,
  CheckCall,
  DiscoveryCall,
  GatewayCall,
  TestCall,
  WebhookCall,
} from './call.ts';
import { type CallState, createCallState } from './call-state.ts';
import { beginTrace } from './call-trace.ts';
import { createCircuitGauge } from './circuit/circuit-gauge.ts';
import type { CircuitState } from './circuit/circuit-view.ts';
import { type CircuitOrder, forceCircuit } from './circuit/force-circuit.ts';
import type { GatewayDeps, GatewayStores } from './gateway-deps.ts';
import { keyOf } from './integration-view.ts';
import { createPipeline } from './pipeline.ts';
import { createResponseCaches } from './response-cache.ts';
import { createMemoryStores } from './stores/memory-stores.ts';
import { type ActionStream, streamCall } from './stream.ts';
import type { ActionTarget, Target } from './target.ts';
import { createUsageCounters } from './usage-counters.ts';

export { createBudgetLedger } from './budget/budget-ledger.ts';
export { type Budgets, createBudgets } from './budget/budgets.ts';
export type {
  ActionCall,
  ActionOutcome,
  CheckCall,
  DiscoveryCall,
  GatewayCall,
  TestCall,
  WebhookCall,
} from './call.ts';
export type { CircuitState } from './circuit/circuit-view.ts';
export type { CircuitOrder } from './circuit/force-circuit.ts';
export type { GatewayDeps, GatewayStores, UsageDelta } from './gateway-deps.ts';
export { createPostgresStores, createValkeyStores, type OpenStores } from './stores/open-stores.ts';
export { createPostgresBudgetAuthority } from './stores/postgres-budget-authority.ts';
export { openValkey } from './stores/valkey-connection.ts';
export type { ActionStream } from './stream.ts';

/** The one door in: every action, connection test and discovery passes the stages of pipeline.ts. */
export interface Gateway {
  /** Never throws for a failed action: `success: false` and `error` say what happened. `data` may be shared with other callers: read only. */
  execute(call: ActionCall): Promise<ActionOutcome>;
  /** The last event is `complete` or `error`; the call ends when the reader stops reading. */
  stream(call: ActionCall): ActionStream;
  /**
   * The connection test; it passes a breaker that failures opened. A test that fails is a result whose `details` hold `code`, `blame`
   * and `retryable`. Does not touch the catalog.
   * @throws HubError when the hub itself refuses to test (`forbidden`, `not_found`, `integration_inactive`, `connector_unavailable`,
   * `rate_limited`, `circuit_open` by an admin's order, `unavailable`, `cancelled`): that says nothing about the provider.
   */
  testConnection(call: TestCall): Promise<ConnectionTestResult>;
  /**
   * One doctor check of the connector's own, under the rules of a connection test and never cached.
   * @throws HubError as `testConnection` does, `not_found` for a check that the connector does not have, and what the check threw.
   */
  runCheck(call: CheckCall): Promise<CheckOutcome>;
  /**
   * Makes a webhook at the product, renews or removes one; null when it was renewed or removed.
   * @throws HubError `not_found` where the product has no interface for it, `not_granted`, and what the product says.
   */
  changeWebhook(call: WebhookCall): Promise<RegisteredWebhook | null>;
  /** Discovery, cached 10 min sliding. @throws HubError */
  discover(call: DiscoveryCall): Promise<Page<Resource>>;
  /** The breaker of an integration. */
  circuit(tenantId: TenantId, integrationId: string): Promise<CircuitState>;
  /** An admin's order, audited: open for a while (default 1 h, at most 7 days), or close. @throws HubError `forbidden`, `not_found`, `invalid_request` */
  forceCircuit(
    acting: { readonly principal: Principal; readonly requestId: string },
    integrationId: string,
    order: CircuitOrder,
  ): Promise<CircuitState>;
  /** Drops every cached answer of an integration. */
  forget(tenantId: string, integrationId: string): void;
  /** Drops every cached answer: changes may have gone unheard. */
  forgetAll(): void;
  /** Ends every call under way with `unavailable`, streams by an `error` event: the hub stops. */
  interrupt(): void;
  /** Writes out what is still in the audit and usage batches; call it before exit, when no call is under way any more. */
  close(): Promise<void>;
}

const defaultAuditQueue = { maxPerTenant: 10_000, max: 50_000 };

export function createGateway(deps: GatewayDeps): Gateway {
  const { clock, log } = deps;
  const stores: GatewayStores = deps.stores ?? createMemoryStores(clock);
  const caches = createResponseCaches(clock);
  const audit = createAuditQueue({ ...deps, ...defaultAuditQueue, ...deps.auditQueue });
  const usage = createUsageCounters({ onUsage: deps.onUsage, clock, log });
  const gauge = createCircuitGauge(deps.metrics);
  const deadlines = createDeadlineWatch(clock);
  const pipeline = createPipeline({ deps, stores, caches, audit, usage, gauge, deadlines });

  function begin(call: GatewayCall, target: Target): CallState {
    const startedMs = clock.monotonicMs();
    const trace = deps.tracer === undefined ? null : beginTrace(deps.tracer, call.traceparent, startedMs);
    return createCallState(call, target, startedMs, caches.epoch, trace);
  }

  function run(call: GatewayCall, target: Target): Promise<CallState> {
    const state = begin(call, target);
    return pipeline.run(state).then(() => state);
  }

  return {
    execute(call) {
      const state = begin(call, actionTarget(call, false));
      return pipeline.run(state).then(() => actionOutcomeOf(state));
    },
    stream: (call) => streamCall(pipeline, begin(call, actionTarget(call, true))),
    testConnection: async (call) =>
      testResultOf(await run(call, { kind: 'connection_test', fresh: call.fresh ?? false })),
    runCheck: async (call) => findingOf(await run(call, { kind: 'check', checkId: call.checkId })),
    changeWebhook: async (call) =>
      registrationOf(await run(call, { kind: 'webhook', webhookId: call.webhookId, change: call.change })),
    async discover(call) {
      const { resourceType, parent, cursor, limit } = call;
      return pageOf(await run(call, { kind: 'discovery', resourceType, parent, cursor, limit }));
    },
    circuit: async (tenantId, integrationId) => stores.circuits.state(keyOf(tenantId, integrationId)),
    forceCircuit: (acting, integrationId, order) =>
      forceCircuit({ ...deps, circuits: stores.circuits, gauge }, acting, integrationId, order),
    forget: (tenantId, integrationId) => caches.forget(keyOf(tenantId, integrationId)),
    forgetAll: caches.forgetAll,
    interrupt() {
      deadlines.interruptAll(
        new HubError('unavailable', 'The hub is stopping, so this call was ended. Try again in a moment.', {
          retryAfterMs: 1_000,
        }),
      );
    },
    async close() {
      deadlines.close();
      await Promise.all([audit.close(), usage.close()]);
    },
  };
}

function actionTarget({ action, params, idempotencyKey }: ActionCall, streaming: boolean): ActionTarget {
  return { kind: 'action', action, params, idempotencyKey, streaming };
}
