import type { AuthMethod, CheckOutcome, ConnectionReport } from '@inthub/connector-sdk';
import { HubError, type Money } from '@inthub/contracts';
import type {
  AttemptStart,
  AttemptTrace,
  CredentialSource,
  DeadlineWatch,
  EgressAttempt,
  Watched,
} from '../egress/egress.ts';
import type { InstalledIntegration } from '../runtime/runtime.ts';
import type { BudgetPermit } from './budget/budget-ledger.ts';
import type { GatewayCall } from './call.ts';
import type { CircuitPermit } from './circuit/circuit-breaker.ts';
import type { IntegrationView } from './integration-view.ts';
import type { Plan } from './plan.ts';
import type { LimitPermit } from './stores/limit-store.ts';
import type { Target } from './target.ts';

export type Outcome = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly error: HubError };

/** Followers of a cold key wait for `done`; undefined means that the leader's failure was its own affair, so somebody else leads. */
export interface Flight {
  /** Epoch of the caches under which it began; what was forgotten since must not be answered with it. */
  readonly epoch: number;
  readonly done: Promise<Outcome | undefined>;
  land(outcome: Outcome | undefined): void;
}

/** The spans of a call that is traced; made by call-trace.ts. */
export interface CallTrace {
  readonly traceId: string;
  /** A stage that is over. */
  stage(name: string, startMs: number, error?: unknown): void;
  /** From here until `settling`, attempts belong to the stage `execute`. */
  executing(): void;
  settling(state: CallState): void;
  /** For egress. */
  readonly attempt: (start: AttemptStart) => AttemptTrace;
  end(state: CallState): void;
}

/**
 * One call on its way through the stages. Every stage reads what earlier ones found and adds its own; what was taken (permits, a
 * claim, a flight) is given back by the settling stages, whatever happened in between.
 */
export interface CallState {
  readonly call: GatewayCall;
  readonly target: Target;
  readonly startedMs: number;
  /** Null where calls are not traced. */
  readonly trace: CallTrace | null;

  /** The audit queue keeps a place for this call's record. */
  auditPlace: boolean;

  integration: InstalledIntegration | null;
  view: IntegrationView | null;
  plan: Plan | null;
  timeoutMs: number;
  /** `Clock.monotonicMs` after which the call ends. */
  deadlineMs: number;
  deadlineFrom: 'caller' | 'integration';

  idempotency: { readonly key: string } | null;
  circuitPermit: CircuitPermit | null;
  limitPermit: LimitPermit | null;
  budgetPermit: BudgetPermit | null;
  cacheKey: string | null;
  readonly cacheEpoch: number;
  flight: Flight | null;

  auth: AuthMethod | null;
  credential: CredentialSource | undefined;
  input: unknown;

  /** True once every stage that may refuse has let the call pass; what fails afterwards failed, it was not refused. */
  admitted: boolean;
  /** The connector's code was started. */
  executed: boolean;
  /** The answer was at hand: from a cache, a twin, or the first call with this idempotency key. */
  cached: boolean;
  signal: AbortSignal | null;
  /** What ends it before its time; to be disarmed when it is over. */
  end: { disarm(): void } | null;

  attempts: EgressAttempt[];
  apiCalls: number;
  tokensUsed: number | null;
  cost: Money | null;
  rateLimitRemaining: number | null;
  rateLimitResetAt: Date | null;

  /** What execute brought back, before it is made an outcome. */
  returned: { readonly value: unknown } | null;
  thrown: { readonly error: unknown } | null;
  outcome: Outcome | null;
  durationMs: number;
}

/** @param cacheEpoch The caches' epoch now, before anything is read of the integration. */
export function createCallState(
  call: GatewayCall,
  target: Target,
  startedMs: number,
  cacheEpoch: number,
  trace: CallTrace | null = null,
): CallState {
  return {
    call,
    target,
    startedMs,
    trace,
    auditPlace: false,
    integration: null,
    view: null,
    plan: null,
    timeoutMs: 0,
    deadlineMs: 0,
    deadlineFrom: 'integration',
    idempotency: null,
    circuitPermit: null,
    limitPermit: null,
    budgetPermit: null,
    cacheKey: null,
    cacheEpoch,
    flight: null,
    auth: null,
    credential: undefined,
    input: undefined,
    admitted: false,
    executed: false,
    cached: false,
    signal: null,
    end: null,
    attempts: [],
    apiCalls: 0,
    tokensUsed: null,
    cost: null,
    rateLimitRemaining: null,
    rateLimitResetAt: null,
    returned: null,
    thrown: null,
    outcome: null,
    durationMs: 0,
  };
}

/** What has passed the authorise stage, as later stages may take for granted. */
export interface KnownCall {
  readonly integration: InstalledIntegration;
  readonly view: IntegrationView;
  readonly plan: Plan;
}

export function known({ integration, view, plan }: CallState): KnownCall {
  if (integration === null || view === null || plan === null) throw new HubError('internal');
  return { integration, view, plan };
}

/** Did it do what was asked? A connection test or check that reports failure did not, though nothing was thrown. */
export function hasSucceeded({ target, outcome }: CallState): boolean {
  if (outcome === null || !outcome.ok) return false;
  if (target.kind === 'connection_test') return (outcome.value as ConnectionReport).success;
  return target.kind !== 'check' || (outcome.value as CheckOutcome).status !== 'fail';
}

/** The call's signal: aborts, with a HubError as reason, when the caller goes away or the time is up. Armed when first asked for. */
export function armSignal(state: CallState, deadlines: DeadlineWatch): AbortSignal {
  if (state.signal !== null) return state.signal;
  const controller: Linked = state.call.abort ?? linkedTo(state.call.signal);
  state.signal = controller.signal;
  state.end = new CallEnd(state, controller, deadlines);
  return controller.signal;
}

// No closures here: V8 puts a function that is assigned to a property in the same expression among the old objects, and whatever it refers
// to, the whole call, then stays until the next full collection (measured: bench/README.md, "What made it faster").
class CallEnd implements Watched {
  readonly dueMs: number;
  slot = -1;
  readonly #state: CallState;
  readonly #controller: Linked;
  readonly #deadlines: DeadlineWatch;

  constructor(state: CallState, controller: Linked, deadlines: DeadlineWatch) {
    this.dueMs = state.deadlineMs;
    this.#state = state;
    this.#controller = controller;
    this.#deadlines = deadlines;
    deadlines.add(this);
  }

  onDue(): void {
    this.interrupt(timeUp(this.#state));
  }

  interrupt(error: Error): void {
    this.#deadlines.remove(this);
    this.#controller.abort(error);
  }

  /** Ends the deadline timer and lets go of the caller's signal. */
  disarm(): void {
    this.#controller.unlink?.();
    this.#deadlines.remove(this);
  }
}

interface Linked extends Pick<AbortController, 'signal' | 'abort'> {
  /** Lets go of the signal that it follows. */
  readonly unlink?: () => void;
}

/** A controller that also aborts, as cancelled, when the caller's signal does. */
function linkedTo(caller: AbortSignal | undefined): Linked {
  const controller = new AbortController();
  if (caller === undefined) return controller;
  const onGone = () => controller.abort(new HubError('cancelled'));
  if (caller.aborted) onGone();
  else caller.addEventListener('abort', onGone, { once: true });
  return {
    signal: controller.signal,
    abort: (reason) => controller.abort(reason),
    unlink: () => caller.removeEventListener('abort', onGone),
  };
}

/** The caller's own patience is nobody's fault; the integration's timeout blames the provider, so that silence trips its breaker. */
function timeUp({ deadlineFrom, timeoutMs }: CallState): HubError {
  return deadlineFrom === 'caller'
    ? new HubError('deadline_exceeded', `The call did not end within the ${timeoutMs} ms that the caller gave.`)
    : new HubError('provider_timeout', `No answer within ${timeoutMs} ms, the timeout of the integration or action.`);
}
