// Stage 9: what was taken is given back and what was learnt is kept: breaker, limits, idempotency key, cache, usage.
import type { Clock } from '@inthub/contracts';
import type { Log } from '../../telemetry/telemetry.ts';
import type { BudgetLedger } from '../budget/budget-ledger.ts';
import { type CallState, hasSucceeded, type Outcome } from '../call-state.ts';
import type { CircuitGauge } from '../circuit/circuit-gauge.ts';
import { circuitOutcomeOf } from '../circuit/circuit-outcome.ts';
import { isPromise, type MaybePromise } from '../maybe-promise.ts';
import type { ResponseCaches } from '../response-cache.ts';
import { outcomeToKeep } from '../stored-outcome.ts';
import type { CircuitStore } from '../stores/circuit-store.ts';
import type { IdempotencyStore } from '../stores/idempotency-store.ts';
import type { LimitStore } from '../stores/limit-store.ts';
import type { UsageCounters } from '../usage-counters.ts';
import type { Stage } from './stage.ts';

export interface RecordOutcomeDeps {
  readonly circuits: CircuitStore;
  readonly limits: LimitStore;
  readonly idempotency: IdempotencyStore;
  readonly budgets?: BudgetLedger;
  readonly caches: ResponseCaches;
  readonly gauge: CircuitGauge;
  readonly usage: UsageCounters;
  readonly clock: Clock;
  readonly log: Log;
}

export function createRecordOutcome(deps: RecordOutcomeDeps): Stage {
  const { circuits, limits, idempotency, budgets, caches, gauge, usage, clock, log } = deps;

  function recordCircuit(state: CallState): MaybePromise<void> {
    const { circuitPermit, view } = state;
    if (circuitPermit === null || view === null) return undefined;
    const after = circuits.record(view.key, view.circuit, circuitPermit, circuitOutcomeOf(state));
    return isPromise(after) ? after.then((name) => gauge.note(view, name)) : gauge.note(view, after);
  }

  function releaseLimit({ limitPermit, apiCalls }: CallState): MaybePromise<void> {
    return limitPermit === null ? undefined : limits.release(limitPermit, apiCalls);
  }

  function settleBudgets({ budgetPermit, executed, tokensUsed, cost }: CallState): void {
    if (budgetPermit === null) return;
    budgets?.settle(budgetPermit, { requests: executed ? 1 : 0, tokens: tokensUsed ?? 0, cost });
  }

  function endIdempotency(state: CallState): MaybePromise<void> {
    if (state.idempotency === null) return undefined;
    const kept = outcomeToKeep(state);
    return kept === null ? idempotency.release(state.idempotency.key) : idempotency.finish(state.idempotency.key, kept);
  }

  // The cache is filled before anybody else is let in.
  const works: readonly ((state: CallState) => MaybePromise<void>)[] = [
    (state) => fillCache(state, caches),
    recordCircuit,
    releaseLimit,
    settleBudgets,
    endIdempotency,
    (state) => usage.add(state),
  ];
  const failed = (error: unknown) => log.error({ err: error }, 'outcome not recorded');

  return {
    name: 'record_outcome',
    run(state) {
      state.end?.disarm();
      state.durationMs = clock.monotonicMs() - state.startedMs;
      let pending: Promise<void>[] | undefined;
      for (const work of works) {
        // One store in trouble must not keep the others from getting theirs back.
        try {
          const result = work(state);
          if (!isPromise(result)) continue;
          pending ??= [];
          pending.push(result.catch(failed));
        } catch (error) {
          failed(error);
        }
      }
      return pending === undefined ? undefined : Promise.all(pending).then(() => undefined);
    },
  };
}

function fillCache(state: CallState, caches: ResponseCaches): void {
  const { outcome, plan, view, cacheKey, cacheEpoch, executed, flight } = state;
  try {
    const keep = executed && hasSucceeded(state) && caches.epoch === cacheEpoch;
    if (keep && outcome?.ok === true && plan !== null && plan.cache !== null && view !== null && cacheKey !== null) {
      caches.set(plan.cache.name, cacheKey, view.key, outcome.value, plan.cache.ttlMs);
    }
  } finally {
    flight?.land(isOwnAffair(outcome) ? undefined : (outcome ?? undefined));
  }
}

/** A failure that says nothing to the others who wait for the same answer. */
function isOwnAffair(outcome: Outcome | null): boolean {
  return outcome?.ok === false && (outcome.error.code === 'cancelled' || outcome.error.code === 'deadline_exceeded');
}
