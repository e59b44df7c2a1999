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

/** What becomes of an attempt's answer. */
interface Reading<Answer, Result> {
  errorOf(answer: Answer): HubError | undefined;
  resultOf(answer: Answer, choice: ModelChoice): Result;
}

const executed: Reading<ActionOutcome, ModelOutcome> = {
  errorOf: ({ error }) => error,
  resultOf: (outcome, choice) => ({ outcome, choice }),
};

/** A stream after its first step, which may be its end. */
interface Opened {
  readonly stream: ActionStream;
  readonly first: IteratorResult<ActionEvent>;
  readonly rest: AsyncIterator<ActionEvent>;
}

const opened: Reading<Opened, BegunStream | ModelOutcome> = {
  errorOf: ({ stream }) => stream.outcome?.error,
  resultOf: ({ stream: { outcome }, first, rest }, choice) =>
    outcome?.error === undefined ? { first, rest, choice } : { outcome, choice },
};

/** Each attempt is a call of the gateway: with its own grant, limits, budget, breaker and audit entry. */
export function createFailOver(gateway: Pick<Gateway, 'execute' | 'stream'>): FailOver {
  async function first<Answer, Result>(
    { alias, targets, missing, failOverOn }: ResolvedModel,
    { errorOf, resultOf }: Reading<Answer, Result>,
    attempt: (target: ModelTarget, isLast: boolean) => Promise<Answer>,
  ): Promise<Result> {
    let tried: Tried = missing.length === 0 ? none : missing.map((name) => ({ name, code: 'not_found' }));
    for (let at = 0; at < targets.length; at += 1) {
      const target = targets[at] as ModelTarget;
      const isLast = at === targets.length - 1;
      const answer = await attempt(target, isLast);
      const error = errorOf(answer);
      if (error === undefined || isLast || !failOverOn.has(error.code))
        return resultOf(answer, { alias, target, tried });
      tried = [...tried, { name: `${target.integration}/${target.model}`, code: error.code }];
    }
    throw new TypeError('A resolved model has a target.');
  }

  async function open(call: ActionCall): Promise<Opened> {
    const stream = gateway.stream(call);
    const rest = stream[Symbol.asyncIterator]();
    return { stream, first: await rest.next(), rest };
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
      first(resolved, executed, (target, isLast) =>
        gateway.execute(callOf(caller, target, { action, params: params(target), isLast })),
      ),
    stream: (caller, resolved, action, params) =>
      first(resolved, opened, (target, isLast) =>
        open(callOf(caller, target, { action, params: params(target), isLast })),
      ),
  };
}
