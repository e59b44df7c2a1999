// Stage 2: the integration's circuit breaker. While it is open, an answer that is still in the cache is given; nothing is sent.
import { HubError } from '@inthub/contracts';
import { type CallState, known } from '../call-state.ts';
import type { CircuitAdmission } from '../circuit/circuit-breaker.ts';
import type { CircuitGauge } from '../circuit/circuit-gauge.ts';
import { isPromise } from '../maybe-promise.ts';
import type { ResponseCaches } from '../response-cache.ts';
import type { CircuitStore } from '../stores/circuit-store.ts';
import { answerFromCache } from './cache.ts';
import type { Stage } from './stage.ts';

export interface CircuitDeps {
  readonly circuits: CircuitStore;
  readonly gauge: CircuitGauge;
  readonly caches: ResponseCaches;
}

export function createCircuit({ circuits, gauge, caches }: CircuitDeps): Stage {
  return {
    name: 'circuit',
    run(state) {
      const { view } = known(state);
      const caller = state.target.kind === 'connection_test' || state.target.kind === 'check' ? 'test' : 'call';
      const admission = circuits.admit(view.key, view.circuit, caller);
      return isPromise(admission) ? admission.then((answer) => take(state, answer)) : take(state, admission);
    },
  };

  function take(state: CallState, admission: CircuitAdmission): void {
    const { view } = known(state);
    gauge.note(view, admission.state);
    if (admission.admitted) {
      state.circuitPermit = admission.permit;
      return;
    }
    if (answerFromCache(state, caches)) return;
    const { retryAfterMs, forcedReason } = admission;
    const why =
      forcedReason === null
        ? 'The provider failed too often'
        : `An admin stopped calls to this integration (${forcedReason})`;
    throw new HubError('circuit_open', `${why}; calls pass again in about ${Math.ceil(retryAfterMs / 1_000)} s.`, {
      retryAfterMs,
      details: { circuit: admission.state, forced: forcedReason !== null },
    });
  }
}
