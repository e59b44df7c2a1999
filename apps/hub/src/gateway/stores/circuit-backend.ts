import type { CircuitRecord } from '../circuit/circuit-breaker.ts';

/** A half-open slot that is out. */
export interface CircuitProbe {
  readonly id: string;
  /** Epoch milliseconds; from then on it counts no more. */
  readonly untilMs: number;
}

/** A breaker as all replicas see it; `record.probes` is the number of `probes`. */
export interface SharedCircuit {
  /** Counts the writes; 0 is a breaker that was never written. */
  readonly version: number;
  readonly record: CircuitRecord;
  readonly probes: readonly CircuitProbe[];
}

export type SaveAnswer =
  | { readonly saved: true; readonly nowMs: number }
  /** Somebody else was faster. */
  | { readonly saved: false; readonly nowMs: number; readonly current: SharedCircuit | undefined };

/** Where breakers are shared and outlive the process. Keys are `<tenant>/<integration>`. `nowMs` is the server's time, epoch. */
export interface CircuitBackend {
  /** What is written of `keys`, all tenants'. At most a thousand keys. */
  load(
    keys: readonly string[],
  ): Promise<{ readonly nowMs: number; readonly circuits: ReadonlyMap<string, SharedCircuit> }>;
  /** Writes the next version, if `circuit.version` is still the one that is written. */
  save(key: string, circuit: SharedCircuit): Promise<SaveAnswer>;
}
