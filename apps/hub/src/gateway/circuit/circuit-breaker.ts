// The breaker as plain transitions over a plain record, so that any store (memory, a shared one) can keep it.
import type { CircuitSettings } from '@inthub/connector-sdk';

export type CircuitStateName = 'closed' | 'open' | 'half_open';

/** One integration's breaker. Times are epoch milliseconds, so that it survives a restart and means the same on every replica. */
export interface CircuitRecord {
  state: CircuitStateName;
  /** Consecutive failures while closed. */
  failureCount: number;
  /** Successes since half-open. */
  successCount: number;
  lastFailureMs: number | null;
  lastSuccessMs: number | null;
  openedMs: number | null;
  nextRetryMs: number | null;
  /** Half-open calls in flight. */
  probes: number;
  /** Counts changes of state: what was let through under an earlier one says nothing about this one. */
  generation: number;
  /** Why an admin opened it; null when failures did. */
  forcedReason: string | null;
}

/**
 * `call` waits its turn. `test` is a connection test, which somebody asks for in order to know: it passes an open breaker (unless an
 * admin opened it), and its success is what closes the breaker early.
 */
export type CircuitCaller = 'call' | 'test';

/** Handed out when a call may pass; given back with the outcome, always. */
export interface CircuitPermit {
  readonly generation: number;
  /** Holds one of the half-open slots. */
  readonly slot: boolean;
}

/** `neutral`: the call says nothing about the provider's health (refused by the hub, cancelled, throttled). */
export type CircuitOutcome = 'success' | 'failure' | 'neutral';

export type CircuitAdmission =
  | { readonly admitted: true; readonly permit: CircuitPermit; readonly state: CircuitStateName }
  | {
      readonly admitted: false;
      readonly retryAfterMs: number;
      readonly state: CircuitStateName;
      readonly forcedReason: string | null;
    };

export function createCircuitRecord(): CircuitRecord {
  return {
    state: 'closed',
    failureCount: 0,
    successCount: 0,
    lastFailureMs: null,
    lastSuccessMs: null,
    openedMs: null,
    nextRetryMs: null,
    probes: 0,
    generation: 0,
    forcedReason: null,
  };
}

/** May this call pass? An open breaker whose time has come becomes half-open here. */
export function admit(
  record: CircuitRecord,
  settings: CircuitSettings,
  caller: CircuitCaller,
  nowMs: number,
): CircuitAdmission {
  if (record.state === 'closed') return admitted(record, false);
  if (record.state === 'open') {
    const waitMs = (record.nextRetryMs ?? nowMs) - nowMs;
    if (waitMs > 0) {
      return caller === 'test' && record.forcedReason === null ? admitted(record, false) : refused(record, waitMs);
    }
    toHalfOpen(record);
  }
  if (record.probes < settings.halfOpenMaxRequests) {
    record.probes += 1;
    return admitted(record, true);
  }
  // The probes under way decide soon; nobody knows when exactly.
  return caller === 'test' ? admitted(record, false) : refused(record, Math.min(1_000, settings.timeoutMs));
}

/** Takes a permit back. Outcomes of an earlier generation are forgotten. */
export function recordOutcome(
  record: CircuitRecord,
  settings: CircuitSettings,
  permit: CircuitPermit,
  outcome: CircuitOutcome,
  nowMs: number,
): void {
  if (outcome === 'success') record.lastSuccessMs = nowMs;
  if (outcome === 'failure') record.lastFailureMs = nowMs;
  if (permit.generation !== record.generation) return;
  if (permit.slot) record.probes -= 1;
  if (outcome === 'neutral') return;
  switch (record.state) {
    case 'closed':
      record.failureCount = outcome === 'success' ? 0 : record.failureCount + 1;
      if (record.failureCount >= settings.failureThreshold) open(record, nowMs, settings.timeoutMs, null);
      return;
    case 'open':
      // Only a connection test gets here.
      if (outcome === 'success') {
        toHalfOpen(record);
        countSuccess(record, settings);
      }
      return;
    case 'half_open':
      if (outcome === 'success') countSuccess(record, settings);
      else open(record, nowMs, settings.timeoutMs, null);
  }
}

/** Opened by an admin: closed to everybody, tests included, until `durationMs` have passed or somebody closes it. */
export function forceOpen(record: CircuitRecord, reason: string, durationMs: number, nowMs: number): void {
  open(record, nowMs, durationMs, reason);
}

export function forceClose(record: CircuitRecord): void {
  close(record);
}

function countSuccess(record: CircuitRecord, settings: CircuitSettings): void {
  record.successCount += 1;
  if (record.successCount >= settings.successThreshold) close(record);
}

function open(record: CircuitRecord, nowMs: number, durationMs: number, forcedReason: string | null): void {
  enter(record, 'open');
  record.openedMs = nowMs;
  record.nextRetryMs = nowMs + durationMs;
  record.forcedReason = forcedReason;
}

function toHalfOpen(record: CircuitRecord): void {
  enter(record, 'half_open');
  record.successCount = 0;
  record.forcedReason = null;
}

function close(record: CircuitRecord): void {
  enter(record, 'closed');
  record.failureCount = 0;
  record.successCount = 0;
  record.openedMs = null;
  record.nextRetryMs = null;
  record.forcedReason = null;
}

function enter(record: CircuitRecord, state: CircuitStateName): void {
  record.state = state;
  record.probes = 0;
  record.generation += 1;
}

function admitted(record: CircuitRecord, slot: boolean): CircuitAdmission {
  return { admitted: true, permit: { generation: record.generation, slot }, state: record.state };
}

function refused({ state, forcedReason }: CircuitRecord, retryAfterMs: number): CircuitAdmission {
  return { admitted: false, retryAfterMs, state, forcedReason };
}
