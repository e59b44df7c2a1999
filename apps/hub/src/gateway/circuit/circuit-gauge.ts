import type { Metrics } from '../../telemetry/telemetry.ts';
import type { IntegrationView } from '../integration-view.ts';
import type { CircuitStateName } from './circuit-breaker.ts';

const levels: Readonly<Record<CircuitStateName, number>> = { closed: 0, half_open: 1, open: 2 };

/** Keeps `connector_circuit_state`: one number for a tenant and connector, the worst of its integrations. */
export interface CircuitGauge {
  /** Called with every state seen; cheap while it stays closed. */
  note(view: Pick<IntegrationView, 'key' | 'tenantKey' | 'connectorId'>, state: CircuitStateName): void;
}

/** @param max Breakers that are not closed and counted at once; beyond, the longest known is dropped. Default 50 000. */
export function createCircuitGauge(metrics: Pick<Metrics, 'circuitState'>, max = 50_000): CircuitGauge {
  const troubled = new Map<string, { readonly group: string; readonly state: CircuitStateName }>();
  const groups = new Map<string, Map<CircuitStateName, number>>();

  function count(group: string, state: CircuitStateName, by: number): void {
    const counts = groups.get(group) ?? new Map<CircuitStateName, number>();
    counts.set(state, (counts.get(state) ?? 0) + by);
    groups.set(group, counts);
  }

  function drop(key: string): void {
    const known = troubled.get(key);
    if (known === undefined) return;
    troubled.delete(key);
    count(known.group, known.state, -1);
  }

  return {
    note({ key, tenantKey, connectorId }, state) {
      const known = troubled.get(key);
      if ((known?.state ?? 'closed') === state) return;
      const group = `${tenantKey} ${connectorId}`;
      drop(key);
      if (state !== 'closed') {
        const [oldest] = troubled.keys();
        if (troubled.size >= max && oldest !== undefined) drop(oldest);
        troubled.set(key, { group, state });
        count(group, state, 1);
      }
      const counts = groups.get(group);
      const worst =
        (counts?.get('open') ?? 0) > 0 ? 'open' : (counts?.get('half_open') ?? 0) > 0 ? 'half_open' : 'closed';
      if (worst === 'closed') groups.delete(group);
      metrics.circuitState.set({ tenant: tenantKey, connector: connectorId }, levels[worst]);
    },
  };
}
