// Stage 4: an answer that is still good is given again; of several calls for one cold key, one goes out and the others wait for it.
import { hash } from 'node:crypto';
import type { DeadlineWatch } from '../../egress/egress.ts';
import { untilAborted } from '../../runtime/runtime.ts';
import { armSignal, type CallState, type Flight, known, type Outcome } from '../call-state.ts';
import { canonicalText } from '../canonical-text.ts';
import type { ResponseCaches } from '../response-cache.ts';
import type { Stage } from './stage.ts';

export interface CacheDeps {
  readonly caches: ResponseCaches;
  /** Cold keys under way. */
  readonly flights: Map<string, Flight>;
  readonly deadlines: DeadlineWatch;
}

export function createCache({ caches, flights, deadlines }: CacheDeps): Stage {
  return {
    name: 'cache',
    run(state) {
      state.admitted = true;
      if (answerFromCache(state, caches)) return undefined;
      const key = state.cacheKey;
      // An idempotency key asks for a run of its own; a fresh test asks the provider; a stream has its own pace.
      if (key === null || state.idempotency !== null || isStreaming(state)) return undefined;
      const flight = flightFor(state, key);
      if (flight !== undefined && !isFresh(state)) return follow(state, key, flight);
      lead(state, key);
      return undefined;
    },
  };

  function flightFor(state: CallState, key: string): Flight | undefined {
    const flight = flights.get(key);
    return flight?.epoch === state.cacheEpoch ? flight : undefined;
  }

  function lead(state: CallState, key: string): void {
    if (flightFor(state, key) !== undefined) return;
    const { promise, resolve } = Promise.withResolvers<Outcome | undefined>();
    const flight: Flight = {
      epoch: state.cacheEpoch,
      done: promise,
      land(outcome) {
        if (flights.get(key) === flight) flights.delete(key);
        resolve(outcome);
      },
    };
    flights.set(key, flight);
    state.flight = flight;
  }

  async function follow(state: CallState, key: string, first: Flight): Promise<void> {
    let flight: Flight | undefined = first;
    while (flight !== undefined) {
      const outcome = await untilAborted(flight.done, armSignal(state, deadlines));
      if (outcome !== undefined) {
        state.outcome = outcome;
        state.cached = outcome.ok;
        return;
      }
      flight = flightFor(state, key);
    }
    lead(state, key);
  }
}

/** True when the answer was in the cache; it is then the call's outcome. */
export function answerFromCache(state: CallState, caches: ResponseCaches): boolean {
  const { plan, view, integration } = known(state);
  if (plan.cache === null) return false;
  const parameters = canonicalText(plan.cacheParameters(state.target));
  // Long parameters would fill the memory with keys.
  const brief = parameters.length <= 256 ? parameters : hash('sha256', parameters, 'base64url');
  const key = `${view.key}/${integration.version}/${plan.name}/${brief}`;
  state.cacheKey = key;
  if (isFresh(state) || state.idempotency !== null) return false;
  const entry = caches.get(plan.cache.name, key);
  if (entry === undefined) return false;
  state.cached = true;
  state.outcome = { ok: true, value: entry.value };
  return true;
}

function isStreaming({ target }: CallState): boolean {
  return target.kind === 'action' && target.streaming;
}

function isFresh({ target }: CallState): boolean {
  return target.kind === 'connection_test' && target.fresh;
}
