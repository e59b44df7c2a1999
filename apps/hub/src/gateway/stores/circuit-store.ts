import type { CircuitSettings } from '@inthub/connector-sdk';
import type {
  CircuitAdmission,
  CircuitCaller,
  CircuitOutcome,
  CircuitPermit,
  CircuitStateName,
} from '../circuit/circuit-breaker.ts';
import type { CircuitState } from '../circuit/circuit-view.ts';
import type { MaybePromise } from '../maybe-promise.ts';

/**
 * Keeps the breakers, one a key (`<tenant>/<integration>`). Contract of every store:
 * - transitions are those of circuit-breaker.ts, applied one at a time for each key;
 * - half-open never has more than `halfOpenMaxRequests` slots out at once; where a store outlives the process, a slot lapses after a
 *   minute, so that a process that died holds none;
 * - `record` is called exactly once for each permit;
 * - a key that was never seen is closed.
 */
export interface CircuitStore {
  admit(key: string, settings: CircuitSettings, caller: CircuitCaller): MaybePromise<CircuitAdmission>;
  /** The state after it. */
  record(
    key: string,
    settings: CircuitSettings,
    permit: CircuitPermit,
    outcome: CircuitOutcome,
  ): MaybePromise<CircuitStateName>;
  state(key: string): MaybePromise<CircuitState>;
  forceOpen(key: string, reason: string, durationMs: number): MaybePromise<void>;
  forceClose(key: string): MaybePromise<void>;
}
