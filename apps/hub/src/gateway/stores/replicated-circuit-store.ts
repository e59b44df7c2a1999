// Breakers that all replicas share and that outlive a restart. What is known here answers most calls at once; every change of state
// is agreed upon by compare-and-set before it counts. Where they are kept is the backend's affair.
import { createId } from '@inthub/contracts';
import { type CircuitAdmission, forceClose, forceOpen } from '../circuit/circuit-breaker.ts';
import { circuitStateOf } from '../circuit/circuit-view.ts';
import { isPromise } from '../maybe-promise.ts';
import { addOutcome, admitTo, changeTo, draftOf, recordTo, type SharedPermit } from './circuit-draft.ts';
import { type CircuitLedgerOptions, createCircuitLedger, type Entry } from './circuit-ledger.ts';
import type { CircuitStore } from './circuit-store.ts';

export interface ReplicatedCircuitStoreOptions extends Pick<CircuitLedgerOptions, 'backend' | 'clock' | 'log'> {
  /** Breakers in use are read again this often: how long a change by another replica may stay unseen. Default 2 s. */
  readonly refreshMs?: number;
  /** Breakers known here; beyond, the one unused for longest is read anew at its next use. Default 50 000. */
  readonly max?: number;
}

export function createReplicatedCircuitStore(
  options: ReplicatedCircuitStoreOptions,
): CircuitStore & { close(): Promise<void> } {
  const ledger = createCircuitLedger({ refreshMs: 2_000, max: 50_000, ...options });
  type Settings = Parameters<CircuitStore['admit']>[1];
  type Caller = Parameters<CircuitStore['admit']>[2];
  type Outcome = Parameters<CircuitStore['record']>[3];

  function admitKnown(entry: Entry, settings: Settings, caller: Caller): CircuitAdmission | Promise<CircuitAdmission> {
    const now = ledger.nowMs();
    const { state, nextRetryMs } = entry.view.record;
    const decides = state === 'half_open' || (state === 'open' && (nextRetryMs ?? now) <= now);
    // What is closed, or open for a while yet, is not changed by admitting.
    if (!decides) return admitTo(entry.view, settings, caller, now, createId);
    return ledger.commit(entry, (draft) => admitTo(draft, settings, caller, ledger.nowMs(), createId));
  }

  function recordKnown(entry: Entry, settings: Settings, permit: SharedPermit, outcome: Outcome) {
    const atMs = ledger.nowMs();
    const { record } = entry.view;
    const counts = permit.generation === record.generation;
    if (record.state === 'closed' || !counts) {
      // Times are told when there is something else to tell.
      if (outcome === 'neutral' || !counts) return record.state;
      if (outcome === 'success' && record.failureCount === 0) {
        record.lastSuccessMs = atMs;
        return record.state;
      }
      const { generation, failureCount } = record;
      if (outcome === 'success' || failureCount + 1 < settings.failureThreshold) {
        ledger.add(entry, addOutcome(entry.pending, outcome, { generation, settings, atMs }));
        return entry.view.record.state;
      }
    }
    return ledger.commit(entry, (draft) => {
      recordTo(draft, settings, permit, outcome, ledger.nowMs());
      return draft.record.state;
    });
  }

  return {
    admit(key, settings, caller) {
      const entry = ledger.find(key);
      return isPromise(entry)
        ? entry.then((found) => admitKnown(found, settings, caller))
        : admitKnown(entry, settings, caller);
    },
    record(key, settings, permit, outcome) {
      const given = permit as SharedPermit;
      const entry = ledger.find(key);
      return isPromise(entry)
        ? entry.then((found) => recordKnown(found, settings, given, outcome))
        : recordKnown(entry, settings, given, outcome);
    },
    async state(key) {
      const entry = await ledger.read(key);
      return circuitStateOf(draftOf({ ...entry.base, ...entry.view }, ledger.nowMs()).record);
    },
    async forceOpen(key, reason, durationMs) {
      const entry = await ledger.read(key);
      await ledger.commit(
        entry,
        (draft) => changeTo(draft, (record) => forceOpen(record, reason, durationMs, ledger.nowMs())),
        true,
      );
    },
    async forceClose(key) {
      const entry = await ledger.read(key);
      await ledger.commit(entry, (draft) => changeTo(draft, forceClose), true);
    },
    close: ledger.close,
  };
}
