// The one way of every call, in the order of GW-1 to GW-10. What a stage does stands in stages/; why this order, in docs/adr.

import type { DeadlineWatch } from '../egress/egress.ts';
import type { AuditQueue } from './audit-queue.ts';
import type { CallState } from './call-state.ts';
import { traced } from './call-trace.ts';
import type { CircuitGauge } from './circuit/circuit-gauge.ts';
import type { GatewayDeps, GatewayStores } from './gateway-deps.ts';
import { createIntegrationViews } from './integration-view.ts';
import { defaultIntegrationLimits, defaultTenantLimits } from './limit/limit-defaults.ts';
import type { MaybePromise } from './maybe-promise.ts';
import type { ResponseCaches } from './response-cache.ts';
import { createAuthorise } from './stages/authorise.ts';
import { createBudget } from './stages/budget.ts';
import { createCache } from './stages/cache.ts';
import { createCircuit } from './stages/circuit.ts';
import { createCredentials } from './stages/credentials.ts';
import { createExecute } from './stages/execute.ts';
import { createIdempotency } from './stages/idempotency.ts';
import { createLimit } from './stages/limit.ts';
import { createMeterAndAudit } from './stages/meter-and-audit.ts';
import { createRecordOutcome } from './stages/record-outcome.ts';
import type { Stage } from './stages/stage.ts';
import { createTransformRequest } from './stages/transform-request.ts';
import { createTransformResponse } from './stages/transform-response.ts';
import type { UsageCounters } from './usage-counters.ts';

export interface PipelineParts {
  readonly deps: GatewayDeps;
  readonly stores: GatewayStores;
  readonly caches: ResponseCaches;
  readonly audit: AuditQueue;
  readonly usage: UsageCounters;
  readonly gauge: CircuitGauge;
  /** Ends calls whose time is up. */
  readonly deadlines: DeadlineWatch;
}

export interface Pipeline {
  /** Brings a call to its outcome and settles it. Never throws. */
  run(state: CallState): Promise<void>;
  /** For a stream: everything before execute; then the stream is read; then `finish`. Never throws. */
  prepare(state: CallState): MaybePromise<void>;
  stream: ReturnType<typeof createExecute>['stream'];
  finish(state: CallState): MaybePromise<void>;
}

export function createPipeline({ deps, stores, caches, audit, usage, gauge, deadlines }: PipelineParts): Pipeline {
  const { clock, log } = deps;
  const views = createIntegrationViews(deps.limits?.integration ?? defaultIntegrationLimits);
  const tenantLimits = deps.limits?.tenant ?? defaultTenantLimits;
  const parts = { ...deps, ...stores, caches, audit, usage, views, gauge, deadlines, tenantLimits };

  const seen = (stage: Stage) => (deps.tracer === undefined ? stage : traced(stage, clock));
  const admit: readonly Stage[] = [
    createAuthorise(parts), //                                            1  caller, grant, state
    createIdempotency(parts), //                                             a repeat gets the first result
    createCircuit(parts), //                                              2  circuit breaker
    createLimit(parts), //                                                3  rate limits
    createCache({ caches, flights: new Map(), deadlines }), //                4  response cache
    createBudget(parts), //                                                  what it will use of its budgets
    createCredentials(parts), //                                          5  credentials
    createTransformRequest(), //                                          6  input
  ].map(seen);
  const execute = createExecute({ ...parts, tags: caches.tags }); //      7  the connector, with retry in egress
  const transformResponse = createTransformResponse(); //                 8  output, errors
  const settle: readonly Stage[] = [
    createRecordOutcome(parts), //                                        9  breaker, limits, cache, usage
    createMeterAndAudit(parts), //                                        10 metrics, audit
  ].map(seen);

  function prepare(state: CallState): MaybePromise<void> {
    try {
      const place = audit.reserve(state.call.principal.tenantId);
      if (place !== undefined) return prepareSlowly(state, place, -1);
      state.auditPlace = true;
      for (let at = 0; at < admit.length; at += 1) {
        const stage = admit[at] as Stage;
        observe(stage, state);
        const pending = stage.run(state);
        if (pending !== undefined) return prepareSlowly(state, pending, at);
        if (state.outcome !== null) return undefined;
      }
    } catch (error) {
      state.thrown = { error };
    }
    return undefined;
  }

  /** From the first stage that has to wait; -1 is the place in the audit queue. */
  async function prepareSlowly(state: CallState, waiting: Promise<void>, first: number): Promise<void> {
    try {
      await waiting;
      state.auditPlace = true;
      if (state.outcome !== null) return;
      for (const stage of admit.slice(first + 1)) {
        observe(stage, state);
        const pending = stage.run(state);
        if (pending !== undefined) await pending;
        if (state.outcome !== null) return;
      }
    } catch (error) {
      state.thrown = { error };
    }
  }

  /** Always runs, whatever happened before: what was taken is given back, metrics and audit see every call. */
  function finish(state: CallState): MaybePromise<void> {
    state.trace?.settling(state);
    observe(transformResponse, state);
    transformResponse.run(state);
    for (let at = 0; at < settle.length; at += 1) {
      const pending = settleBy(settle[at] as Stage, state);
      if (pending !== undefined) return finishSlowly(state, pending, at);
    }
    state.trace?.end(state);
    return undefined;
  }

  async function finishSlowly(state: CallState, waiting: Promise<void>, first: number): Promise<void> {
    await waiting;
    for (const stage of settle.slice(first + 1)) await settleBy(stage, state);
    state.trace?.end(state);
  }

  /** What one stage cannot settle must not keep the others from it. */
  function settleBy(stage: Stage, state: CallState): void | Promise<void> {
    const failed = (error: unknown) =>
      log.error({ err: error, stage: stage.name, requestId: state.call.requestId }, 'stage failed');
    observe(stage, state);
    try {
      return stage.run(state)?.catch(failed);
    } catch (error) {
      failed(error);
    }
  }

  async function executeAndFinish(state: CallState): Promise<void> {
    if (state.outcome === null && state.thrown === null) {
      observe(execute, state);
      try {
        await execute.run(state);
      } catch (error) {
        state.thrown = { error };
      }
    }
    const finishing = finish(state);
    if (finishing !== undefined) await finishing;
  }

  function observe(stage: Stage, state: CallState): void {
    deps.observeStage?.(stage.name, state.call);
  }

  return {
    prepare,
    finish,
    run(state) {
      const preparing = prepare(state);
      return preparing === undefined ? executeAndFinish(state) : preparing.then(() => executeAndFinish(state));
    },
    stream(state) {
      observe(execute, state);
      return execute.stream(state);
    },
  };
}
