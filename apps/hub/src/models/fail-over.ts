import type { ActionEvent, HubError, Principal } from '@inthub/contracts';
import type { ActionCall, ActionOutcome, ActionStream, Gateway } from '../gateway/gateway.ts';
import type { ModelTarget, ResolvedModel } from './model-directory.ts';

/** Who calls, as the gateway wants it. */
export interface ModelCaller {
  readonly principal: Principal;
  readonly requestId: string;
  /** Aborts when the caller goes away; the last target that is tried may abort it too, when its time is up. */
  readonly abort: AbortController;
  readonly traceparent?: string;
  readonly tracestate?: string;
  readonly timeoutMs?: number;
  readonly idempotencyKey?: string;
}

/** Why this one answered. */
export interface ModelChoice {
  readonly alias: string | null;
  readonly target: ModelTarget;
  /** Targets before it, and why they did not answer. */
  readonly tried: readonly { readonly name: string; readonly code: string }[];
}

export interface ModelOutcome {
  readonly outcome: ActionOutcome;
  readonly choice: ModelChoice;
}

/** A stream that has begun: nothing of it was handed on yet, and it goes to nobody else any more. */
export interface BegunStream {
  readonly first: IteratorResult<ActionEvent>;
  readonly rest: AsyncIterator<ActionEvent>;
  readonly choice: ModelChoice;
}

/** Parameters of the action for one target. */
export type ParamsFor = (target: ModelTarget) => Readonly<Record<string, unknown>>;

export interface FailOver {
  /** Tries targets in their order until one answers, or fails with an error that is not to be failed over. */
  execute(caller: ModelCaller, resolved: ResolvedModel, action: string, params: ParamsFor): Promise<ModelOutcome>;
  /** The same up to the first event; a failure after it ends the stream. An outcome instead: no target has begun. */
  stream(
    caller: ModelCaller,
    resolved: ResolvedModel,
    action: string,
    params: ParamsFor,
  ): Promise<BegunStream | ModelOutcome>;
}

type Tried = ModelChoice['tried'];
const none: Tried = [];

/** Each attempt is a call of the gateway: with its own grant, limits, budget, breaker and audit entry. */
export function createFailOver(gateway: Pick<Gateway, 'execute' | 'stream'>): FailOver {
  async function first<Result>(
    { alias, targets, missing, failOverOn }: ResolvedModel,
    attempt: (
      target: ModelTarget,
      choice: ModelChoice,
      isLast: boolean,
    ) => Promise<{ readonly error: HubError | undefined; readonly result: Result }>,
  ): Promise<Result> {
    let tried: Tried = missing.length === 0 ? none : missing.map((name) => ({ name, code: 'not_found' }));
    for (let at = 0; at < targets.length; at += 1) {
      const target = targets[at] as ModelTarget;
      const isLast = at === targets.length - 1;
      const { error, result } = await attempt(target, { alias, target, tried }, isLast);
      if (error === undefined || isLast || !failOverOn.has(error.code)) return result;
      tried = [...tried, { name: `${target.integration}/${target.model}`, code: error.code }];
    }
    throw new TypeError('A resolved model has a target.');
  }

  function callOf(
    { principal, requestId, abort, traceparent, tracestate, timeoutMs, idempotencyKey }: ModelCaller,
    { integrationId }: ModelTarget,
    { action, params, isLast }: { action: string; params: unknown; isLast: boolean },
  ): ActionCall {
    const call: { -readonly [Field in keyof ActionCall]: ActionCall[Field] } = {
      principal,
      requestId,
      integrationId,
      action,
      params,
    };
    // A controller of its own costs a call less than a signal that it has to follow, but it ends with the call.
    if (isLast) call.abort = abort;
    else call.signal = abort.signal;
    if (traceparent !== undefined) call.traceparent = traceparent;
    if (tracestate !== undefined) call.tracestate = tracestate;
    if (timeoutMs !== undefined) call.timeoutMs = timeoutMs;
    if (idempotencyKey !== undefined) call.idempotencyKey = idempotencyKey;
    return call;
  }

  return {
    execute: (caller, resolved, action, params) =>
      first(resolved, async (target, choice, isLast) => {
        const call = callOf(caller, target, { action, params: params(target), isLast });
        const outcome = await gateway.execute(call);
        return { error: outcome.error, result: { outcome, choice } };
      }),
    stream: (caller, resolved, action, params) =>
      first<BegunStream | ModelOutcome>(resolved, async (target, choice, isLast) => {
        const call = callOf(caller, target, { action, params: params(target), isLast });
        const stream: ActionStream = gateway.stream(call);
        const rest = stream[Symbol.asyncIterator]();
        const begun = await rest.next();
        const { outcome } = stream;
        if (outcome?.error !== undefined) return { error: outcome.error, result: { outcome, choice } };
        return { error: undefined, result: { first: begun, rest, choice } };
      }),
  };
}
