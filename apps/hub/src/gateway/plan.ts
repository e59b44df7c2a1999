// What the stages need to know of one operation, worked out once: an action of a connector, the connection test, or discovery.
import { type AnyAction, actionsOfType, type ConnectionReport, type ConnectorDefinition } from '@inthub/connector-sdk';
import { type Clock, HubError } from '@inthub/contracts';
import {
  createSchemaCheck,
  discoverCapability,
  hasDefaults,
  type Invocation,
  type Runtime,
  type SchemaCheck,
  webhookCapabilities,
} from '../runtime/runtime.ts';
import { type CacheName, cacheBounds } from './response-cache.ts';
import type { DiscoveryTarget, Target, WebhookTarget } from './target.ts';

/** What a connection test brought back, with the time that it took. */
export interface TestReport extends ConnectionReport {
  readonly latencyMs: number;
}

export interface Plan {
  /** Label of metrics, logs and audit. */
  readonly name: string;
  /** Null needs no grant. */
  readonly capability: string | null;
  /** Reads only: it may be repeated. */
  readonly safe: boolean;
  /** Deals with secrets: needs a grant that names it, and nothing of it is kept. */
  readonly sensitive: boolean;
  readonly weight: number;
  /** Which of the provider's windows it draws on; undefined is the default one. */
  readonly bucket: string | undefined;
  readonly timeoutMs: number | undefined;
  /** Null is never cached. */
  readonly cache: { readonly name: CacheName; readonly ttlMs: number } | null;
  /** What tells one cached answer from another. */
  cacheParameters(target: Target): unknown;
  /** The checked input. @throws HubError `invalid_request` */
  prepare(target: Target): unknown;
  invoke(runtime: Runtime, input: unknown, invocation: Invocation, clock: Clock): Promise<unknown>;
  /** The action behind it, for streaming. */
  readonly action: AnyAction | null;
}

export const testPlan: Plan = {
  name: 'connection.test',
  capability: null,
  safe: true,
  sensitive: false,
  weight: 1,
  bucket: undefined,
  timeoutMs: undefined,
  cache: { name: 'connection_test', ttlMs: cacheBounds.connection_test.ttlMs },
  cacheParameters: () => null,
  prepare: () => null,
  async invoke(runtime, _, invocation, clock): Promise<TestReport> {
    const startedMs = clock.monotonicMs();
    const report = await runtime.testConnection(invocation);
    return { ...report, latencyMs: clock.monotonicMs() - startedMs };
  },
  action: null,
};

/** A doctor check of the connector's own. Undefined when it has no such check. */
export function checkPlan(connector: ConnectorDefinition, checkId: string): Plan | undefined {
  const check = connector.checks.find(({ id }) => id === checkId);
  if (check === undefined) return undefined;
  return {
    ...testPlan,
    name: check.id,
    cache: null,
    invoke: (runtime, _, invocation) => runtime.check(check.id, invocation),
  };
}

export const discoveryPlan: Plan = {
  name: 'resource.discover',
  capability: discoverCapability,
  safe: true,
  sensitive: false,
  weight: 1,
  bucket: undefined,
  timeoutMs: undefined,
  cache: { name: 'discovery', ttlMs: cacheBounds.discovery.ttlMs },
  cacheParameters(target) {
    const { resourceType, parent, cursor, limit } = target as DiscoveryTarget;
    return [resourceType, parent ?? null, cursor ?? null, limit];
  },
  prepare: (target) => target,
  invoke(runtime, input, invocation) {
    const { resourceType, parent, cursor, limit } = input as DiscoveryTarget;
    const query = { limit, ...(parent === undefined ? {} : { parent }), ...(cursor === undefined ? {} : { cursor }) };
    return runtime.discover(resourceType, query, invocation);
  },
  action: null,
};

/** Making, renewing or removing a webhook at the product. Undefined when the connector cannot. */
export function webhookPlan(connector: ConnectorDefinition, { webhookId, change }: WebhookTarget): Plan | undefined {
  const webhook = connector.webhooks?.find(({ id }) => id === webhookId);
  if (webhook?.registration === undefined) return undefined;
  const { registration } = webhook;
  return {
    ...testPlan,
    name: webhookCapabilities[change.kind],
    capability: webhookCapabilities[change.kind],
    safe: false,
    cache: null,
    prepare: () => change,
    invoke: (runtime, _, invocation) => runtime.changeWebhook(registration, change, invocation),
  };
}

const plansByConnector = new WeakMap<ConnectorDefinition, Map<string, ReadonlyMap<string, Plan>>>();

/** Plans of the actions that integrations of this type offer, by action id; made at the first call. */
export function plansOf(connector: ConnectorDefinition, typeId: string): ReadonlyMap<string, Plan> {
  let byType = plansByConnector.get(connector);
  if (byType === undefined) {
    byType = new Map();
    plansByConnector.set(connector, byType);
  }
  let plans = byType.get(typeId);
  if (plans === undefined) {
    const usual = connector.manifest.limitBuckets?.default;
    plans = new Map(actionsOfType(connector, typeId).map((action) => [action.id, planOf(action, usual)]));
    byType.set(typeId, plans);
  }
  return plans;
}

/** @param usualBucket The connector's default bucket, which is kept with the integration itself. */
function planOf(action: AnyAction, usualBucket: string | undefined): Plan {
  let check: SchemaCheck | undefined;
  const copies = hasDefaults(action.input);
  const sensitive = action.sensitive ?? false;
  return {
    name: action.id,
    capability: action.capability ?? action.id,
    safe: action.safe,
    sensitive,
    weight: action.weight ?? 1,
    bucket: action.limitBucket === usualBucket ? undefined : action.limitBucket,
    timeoutMs: action.timeoutMs,
    cache:
      action.safe && !sensitive && action.cacheTtlMs !== undefined
        ? { name: 'action', ttlMs: action.cacheTtlMs }
        : null,
    cacheParameters: paramsOf,
    prepare(target) {
      check ??= createSchemaCheck(action.input, { base: '/params', applyDefaults: copies });
      const params = paramsOf(target);
      const input = copies ? structuredClone(params) : params;
      const errors = check(input);
      if (errors === null) return input;
      const [first] = errors;
      throw new HubError('invalid_request', `${first?.path ?? '/params'} ${first?.message ?? 'is not valid.'}`, {
        errors,
      });
    },
    invoke: (runtime, input, invocation) => runtime.run(action, input, invocation),
    action,
  };
}

function paramsOf(target: Target): unknown {
  return target.kind === 'action' ? (target.params ?? {}) : null;
}
