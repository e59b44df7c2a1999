import type { ActionEvent } from '@inthub/contracts';
import type { Static, TSchema } from 'typebox';
import type { ActionContext } from './context.ts';
import type { DataScope } from './data-scope.ts';

/** One operation of a connector. Build it with `defineAction`, which infers `run`'s types from the schemas. */
export interface ActionDefinition<Input extends TSchema = TSchema, Output extends TSchema = TSchema> {
  /** `noun.verb`; standard ids come from the category, own ids carry the connector's id as prefix. */
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly input: Input;
  readonly output: Output;
  /** Permission to use it; default the id. */
  readonly capability?: string;
  /** Scopes that the credential needs at the provider. */
  readonly requiredScopes?: readonly string[];
  /** True when it only reads: it may be retried and cached. */
  readonly safe: boolean;
  /**
   * Its input or output holds secrets (default false): it runs only where a grant names its capability, its result is never cached,
   * and it takes no idempotency key, because a key keeps the result.
   */
  readonly sensitive?: boolean;
  /** Cost against the limits: 1 (default), 5 for searches, 10 for bulk. */
  readonly weight?: number;
  /** Which of the provider's limits it draws on, as the manifest's `limitBuckets` header names it; default the default bucket. */
  readonly limitBucket?: string;
  /** What its input concerns. Under a grant that is restricted to projects, data types or non-personal data, an action without is refused. */
  readonly dataScope?: DataScope;
  /** What a call may use, reserved against budgets before it starts; default what recent calls used. */
  readonly estimate?: UsageEstimate;
  /** Milliseconds that a result of a safe action may be served from the cache; default not cached. */
  readonly cacheTtlMs?: number;
  /** Default deadline in milliseconds where the caller gives none; default the integration's `timeout`. */
  readonly timeoutMs?: number;
  run(input: Static<Input>, ctx: ActionContext): Promise<Static<Output>>;
  /** Present when the action can stream; `run` then gives the whole result. */
  stream?(input: Static<Input>, ctx: ActionContext): AsyncIterable<ActionEvent>;
}

/** What a call is expected to use, at most. */
export interface UsageEstimate {
  readonly tokens?: UsageAmount;
  /** Micro-units, of whatever currency its cost is reported in. */
  readonly costMicros?: UsageAmount;
}

/** A whole number, or where it stands in the input (a JSON Pointer) and what counts when it does not. */
export type UsageAmount = number | { readonly at: string; readonly otherwise: number };

/** An action whose schemas are no longer known to the type system, as registries hold it. */
// biome-ignore lint/suspicious/noExplicitAny: run's input is contravariant; the gateway validates it against `input` before the call.
export type AnyAction = ActionDefinition<any, any>;

export function defineAction<const Input extends TSchema, const Output extends TSchema>(
  action: ActionDefinition<Input, Output>,
): ActionDefinition<Input, Output> {
  return action;
}
