import { type Clock, HubError } from '@inthub/contracts';
import type { DeadlineWatch, Watched } from './deadline.ts';
import type { EgressScope } from './scope.ts';

/** Something in flight that ends early when its call does. */
export interface Cancellable {
  cancel(error: HubError): void;
}

/** When a call has to stop: its signal, its deadline, and what each of them is called in the error. */
export interface CallBounds {
  readonly deadlineMs: number;
  /** Why nothing more may be done now, or undefined. */
  refusal(nowMs: number): HubError | undefined;
  /** The error of a deadline that came while something was waited for since `sinceMs`. */
  deadlineError(nowMs: number, sinceMs: number): HubError;
  /** Stops listening to the signal, where it outlives what is bounded. */
  leave(): void;
  /** Cancels the entry when the signal aborts from now on (ask `refusal` first); `remove` it when it is done. */
  add(entry: Cancellable): void;
  remove(entry: Cancellable): void;
  /** Waits for a promise, but not beyond the signal or `dueMs` (default the deadline). The promise itself goes on. */
  race<Value>(promise: Promise<Value>, dueMs?: number): Promise<Value>;
}

/** A provider that was given this long is at fault itself, whoever's deadline it was. */
const patientMs = 10_000;
const onlyOnce = { once: true };

/** The signal is listened to for as long as it lives: it is to be the call's own, or `leave` is to be called. */
type Limits = Pick<EgressScope, 'signal' | 'deadlineMs' | 'deadlineFrom'>;

export function createCallBounds(limits: Limits, clock: Clock, watch: DeadlineWatch): CallBounds {
  const { signal, deadlineMs, deadlineFrom = 'caller' } = limits;
  const inFlight: Cancellable[] = [];

  function cancelled(): HubError {
    const reason: unknown = signal.reason;
    return reason instanceof HubError ? reason : new HubError('cancelled', undefined, { cause: reason });
  }

  function deadlineError(nowMs: number, sinceMs: number): HubError {
    const waitedMs = Math.max(0, Math.round(nowMs - sinceMs));
    const message = `The provider had not answered when the time of the call ran out; it was waited for ${waitedMs} ms.`;
    if (deadlineFrom === 'integration') {
      return new HubError('provider_timeout', `${message} The integration's timeout can be raised in config.timeout.`);
    }
    return new HubError('deadline_exceeded', message, waitedMs >= patientMs ? { blame: 'provider' } : {});
  }

  // One listener for the whole call, which goes with the signal: signals warn about ten, and each costs more than an entry of a list.
  let listening = false;
  function add(entry: Cancellable): void {
    inFlight.push(entry);
    if (listening) return;
    listening = true;
    signal.addEventListener('abort', cancelAll, onlyOnce);
  }

  function cancelAll(): void {
    const error = cancelled();
    for (const entry of [...inFlight]) entry.cancel(error);
  }

  function remove(entry: Cancellable): void {
    const at = inFlight.indexOf(entry);
    if (at !== -1) inFlight.splice(at, 1);
  }

  return {
    deadlineMs,
    refusal(nowMs) {
      if (signal.aborted) return cancelled();
      return nowMs >= deadlineMs
        ? new HubError('deadline_exceeded', 'The time of the call ran out before the request was sent.')
        : undefined;
    },
    deadlineError,
    leave() {
      if (listening) signal.removeEventListener('abort', cancelAll);
      listening = false;
    },
    add,
    remove,
    race(promise, dueMs = deadlineMs) {
      return new Promise((resolve, reject) => {
        const sinceMs = clock.monotonicMs();
        if (signal.aborted) {
          promise.catch(() => {}); // nobody waits for it any more
          reject(cancelled());
          return;
        }
        const entry: Watched & Cancellable = {
          dueMs: Math.min(dueMs, deadlineMs),
          slot: -1,
          onDue: (nowMs) => entry.cancel(deadlineError(nowMs, sinceMs)),
          cancel(error) {
            done();
            reject(error);
          },
        };
        const done = () => {
          watch.remove(entry);
          remove(entry);
        };
        add(entry);
        watch.add(entry);
        promise.then(
          (value) => {
            done();
            resolve(value);
          },
          (error: unknown) => {
            done();
            reject(error);
          },
        );
      });
    },
  };
}
