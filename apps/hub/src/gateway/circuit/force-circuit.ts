// An admin opens or closes an integration's breaker by hand (GW-3). The order is audited before it is carried out.
import { HubError, invalidField, isId, type Principal } from '@inthub/contracts';
import type { AuditRecord } from '../../audit/audit.ts';
import type { GatewayDeps } from '../gateway-deps.ts';
import { keyOf } from '../integration-view.ts';
import type { CircuitStore } from '../stores/circuit-store.ts';
import type { CircuitGauge } from './circuit-gauge.ts';
import type { CircuitState } from './circuit-view.ts';

export type CircuitOrder =
  | { readonly state: 'open'; readonly reason: string; readonly durationMs?: number }
  | { readonly state: 'closed'; readonly reason?: string };

const defaultDurationMs = 3_600_000;
const maxDurationMs = 7 * 86_400_000;

export interface ForceCircuitDeps extends Pick<GatewayDeps, 'findIntegration' | 'writeAudit'> {
  readonly circuits: CircuitStore;
  readonly gauge: CircuitGauge;
}

/** @throws HubError `forbidden`, `not_found`, `invalid_request`; when the audit cannot be written, the breaker stays as it is. */
export async function forceCircuit(
  { findIntegration, writeAudit, circuits, gauge }: ForceCircuitDeps,
  { principal, requestId }: { readonly principal: Principal; readonly requestId: string },
  integrationId: string,
  order: CircuitOrder,
): Promise<CircuitState> {
  if (!principal.scopes.has('integrations.admin') && !principal.scopes.has('platform.admin')) {
    throw new HubError('forbidden', 'This needs the scope integrations.admin.');
  }
  if (!isId(integrationId)) throw new HubError('not_found', 'There is no such integration.');
  const integration = await findIntegration(principal.tenantId, integrationId);
  const key = keyOf(integration.tenantId, integration.id);
  const durationMs = order.state === 'open' ? checkedDuration(order.durationMs) : null;
  if (order.state === 'open' && order.reason.trim() === '') throw invalidField('/reason', 'must say why', 'minLength');
  const before = await circuits.state(key);
  const record: AuditRecord = {
    actor: { kind: principal.kind, id: principal.id, name: principal.name },
    action: order.state === 'open' ? 'circuit.force_open' : 'circuit.force_close',
    target: { type: 'integration', id: integration.id, name: integration.name },
    outcome: 'success',
    requestId,
    before: { state: before.state },
    after: { state: order.state, ...(durationMs === null ? {} : { durationMs }) },
    ...(order.reason === undefined ? {} : { reason: order.reason }),
  };
  await writeAudit(principal.tenantId, [record]);
  if (durationMs === null) await circuits.forceClose(key);
  else await circuits.forceOpen(key, order.reason ?? '', durationMs);
  const view = { key, tenantKey: integration.tenantId, connectorId: integration.connectorId };
  gauge.note(view, order.state);
  return circuits.state(key);
}

function checkedDuration(durationMs = defaultDurationMs): number {
  if (Number.isFinite(durationMs) && durationMs >= 1_000 && durationMs <= maxDurationMs) return durationMs;
  throw invalidField('/durationMs', 'must be between 1000 (1 s) and 604800000 (7 days)', 'range');
}
