import type { ActionEvent, HubError, Principal } from '@inthub/contracts';
import type { ActionOutcome, ActionStream, Gateway } from '../gateway/gateway.ts';
import type { ModelTarget, ResolvedModel } from './model-directory.ts';

/** Who calls, as the gateway wants it. */
export interface ModelCaller {
  readonly principal: Principal;
  readonly requestId: string;
  readonly signal: AbortSignal;
  readonly traceparent?: string;
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

/** Each attempt is a call of the gateway: with its own grant, limits, budget, breaker and audit entry. */
export function createFailOver(gateway: Pick<Gateway, 'execute' | 'stream'>): FailOver {
  async function first<Result>(
    { alias, targets, missing, failOverOn }: ResolvedModel,
    attempt: (
      target: ModelTarget,
      choice: ModelChoice,
    ) => Promise<{ readonly error: HubError | undefined; readonly result: Result }>,
  ): Promise<Result> {
    const tried: { name: string; code: string }[] = missing.map((name) => ({ name, code: 'not_found' }));
    for (const [at, target] of targets.entries()) {
      const { error, result } = await attempt(target, { alias, target, tried: [...tried] });
      if (error === undefined || at === targets.length - 1 || !failOverOn.has(error.code)) return result;
      tried.push({ name: `${target.integration}/${target.model}`, code: error.code });
    }
    throw new TypeError('A resolved model has a target.');
  }

  return {
    execute: (caller, resolved, action, params) =>
      first(resolved, async (target, choice) => {
        const call = { ...caller, integrationId: target.integrationId, action, params: params(target) };
        const outcome = await gateway.execute(call);
        return { error: outcome.error, result: { outcome, choice } };
      }),
    stream: (caller, resolved, action, params) =>
      first<BegunStream | ModelOutcome>(resolved, async (target, choice) => {
        const call = { ...caller, integrationId: target.integrationId, action, params: params(target) };
        const stream: ActionStream = gateway.stream(call);
        const rest = stream[Symbol.asyncIterator]();
        const begun = await rest.next();
        const { outcome } = stream;
        if (outcome?.error !== undefined) return { error: outcome.error, result: { outcome, choice } };
        return { error: undefined, result: { first: begun, rest, choice } };
      }),
  };
}
