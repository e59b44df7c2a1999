import type { Clock } from '@inthub/contracts';
import { LRUCache } from 'lru-cache';
import {
  admit,
  type CircuitRecord,
  createCircuitRecord,
  forceClose,
  forceOpen,
  recordOutcome,
} from '../circuit/circuit-breaker.ts';
import { circuitStateOf } from '../circuit/circuit-view.ts';
import type { CircuitStore } from './circuit-store.ts';

export interface MemoryCircuitStoreOptions {
  readonly clock: Clock;
  /** Breakers kept; beyond, the one unused for longest is forgotten and starts closed again. Default 50 000. */
  readonly max?: number;
}

/** Breakers of this process. */
export function createMemoryCircuitStore({ clock, max = 50_000 }: MemoryCircuitStoreOptions): CircuitStore {
  const records = new LRUCache<string, CircuitRecord>({ max });
  const nowMs = () => clock.now().getTime();
  const recordOf = (key: string): CircuitRecord => {
    let record = records.get(key);
    if (record === undefined) {
      record = createCircuitRecord();
      records.set(key, record);
    }
    return record;
  };
  return {
    admit: (key, settings, caller) => admit(recordOf(key), settings, caller, nowMs()),
    record(key, settings, permit, outcome) {
      const record = recordOf(key);
      recordOutcome(record, settings, permit, outcome, nowMs());
      return record.state;
    },
    state: (key) => circuitStateOf(records.peek(key) ?? createCircuitRecord()),
    forceOpen: (key, reason, durationMs) => forceOpen(recordOf(key), reason, durationMs, nowMs()),
    forceClose: (key) => forceClose(recordOf(key)),
  };
}
