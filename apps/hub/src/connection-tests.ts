import { type ConnectionTestResult, createId, type Principal, type TenantId } from '@inthub/contracts';
import type { Acting, Catalog, CheckOutcomeRecord } from './catalog/catalog.ts';
import type { Gateway } from './gateway/gateway.ts';
import type { Health } from './health/health.ts';
import type { Metrics } from './telemetry/telemetry.ts';

export interface ConnectionTestsDeps {
  readonly gateway: Gateway;
  readonly catalog: Catalog;
  readonly note: Health['note'];
  readonly metrics: Metrics;
  /** A test has reached the provider. */
  readonly onReached: (tenantId: TenantId, integrationId: string) => void;
}

export interface ConnectionTests {
  /** For a person: asks the provider now, and lets the outcome move the lifecycle. @throws HubError when the hub itself refuses. */
  now(
    acting: Acting,
    integrationId: string,
    call: { signal?: AbortSignal; traceparent?: string },
  ): Promise<ConnectionTestResult>;
  /** For the health schedule, which records the outcome itself. */
  poll(tenantId: TenantId, integrationId: string, signal: AbortSignal): Promise<CheckOutcomeRecord>;
}

/** Connection tests join the gateway, which makes them, and the catalog and the health history, which keep their outcome. */
export function createConnectionTests(deps: ConnectionTestsDeps): ConnectionTests {
  const { gateway, catalog, note, metrics } = deps;

  async function test(
    acting: Acting,
    integrationId: string,
    call: { signal?: AbortSignal; traceparent?: string },
  ): Promise<{ result: ConnectionTestResult; outcome: CheckOutcomeRecord }> {
    const { principal, requestId } = acting;
    const result = await gateway.testConnection({ ...call, principal, requestId, integrationId, fresh: true });
    const { code } = result.details;
    const outcome = {
      success: result.success,
      message: result.message,
      latencyMs: result.latencyMs,
      errorCode: typeof code === 'string' ? code : null,
      skipped: code === 'offline',
    };
    const provider = (await catalog.findForCall(principal.tenantId, integrationId))?.connectorId ?? 'unknown';
    metrics.healthChecks.inc({
      provider,
      status: outcome.skipped ? 'skipped' : outcome.success ? 'healthy' : 'unhealthy',
    });
    if (outcome.success && !outcome.skipped) deps.onReached(principal.tenantId, integrationId);
    return { result, outcome };
  }

  return {
    async now(acting, integrationId, call) {
      const { result, outcome } = await test(acting, integrationId, call);
      const { lastTestedAt } = await catalog.recordCheck(acting, integrationId, outcome);
      await note(acting.principal.tenantId, integrationId, outcome, lastTestedAt);
      return result;
    },
    async poll(tenantId, integrationId, signal) {
      const requestId = createId<string>();
      const { outcome } = await test({ principal: scheduler(tenantId), requestId }, integrationId, { signal });
      return outcome;
    },
  };
}

/** The hub itself, on behalf of a tenant. */
export function scheduler(tenantId: TenantId): Principal {
  return { tenantId, kind: 'system', id: 'health-schedule', name: 'Health schedule', scopes: new Set() };
}
