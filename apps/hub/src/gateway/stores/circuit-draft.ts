// One breaker as this replica knows it: what was last heard of the shared one, and outcomes that are not written yet. No I/O.
import type { CircuitSettings } from '@inthub/connector-sdk';
import {
  admit,
  type CircuitAdmission,
  type CircuitCaller,
  type CircuitOutcome,
  type CircuitPermit,
  type CircuitRecord,
  createCircuitRecord,
  recordOutcome,
} from '../circuit/circuit-breaker.ts';
import type { CircuitProbe, SharedCircuit } from './circuit-backend.ts';

/** A probe that is out for longer no longer counts: its process may have died. */
const probeMs = 60_000;

/** Outcomes of calls while it was closed, in short: a success, perhaps, and the failures after it. */
export interface Pending {
  readonly generation: number;
  readonly settings: CircuitSettings;
  readonly succeeded: boolean;
  readonly failures: number;
  readonly atMs: number;
}

/** A permit of a shared breaker. */
export interface SharedPermit extends CircuitPermit {
  readonly probe: string | null;
}

/** A breaker in change: transitions work on `record`, and `probes` is kept in step with it. */
export interface Draft {
  readonly record: CircuitRecord;
  probes: readonly CircuitProbe[];
}

export const unwritten: SharedCircuit = { version: 0, record: createCircuitRecord(), probes: [] };

/** @param nowMs Probes that are out for too long are gone. */
export function draftOf({ record, probes }: SharedCircuit, nowMs: number): Draft {
  const live = probes.filter(({ untilMs }) => untilMs > nowMs);
  return { record: { ...record, probes: live.length }, probes: live };
}

/** Runs `admit` on a draft; a slot that it hands out gets a name. */
export function admitTo(
  draft: Draft,
  settings: CircuitSettings,
  caller: CircuitCaller,
  nowMs: number,
  newId: () => string,
): CircuitAdmission {
  const { record } = draft;
  const before = record.generation;
  const admission = admit(record, settings, caller, nowMs);
  if (record.generation !== before) draft.probes = [];
  if (!admission.admitted) return admission;
  const probe = admission.permit.slot ? newId() : null;
  if (probe !== null) draft.probes = [...draft.probes, { id: probe, untilMs: nowMs + probeMs }];
  const permit: SharedPermit = { ...admission.permit, probe };
  return { ...admission, permit };
}

/** Runs `recordOutcome` on a draft. */
export function recordTo(
  draft: Draft,
  settings: CircuitSettings,
  permit: SharedPermit,
  outcome: CircuitOutcome,
  nowMs: number,
): void {
  const { record } = draft;
  const before = record.generation;
  const holds = permit.generation === before && draft.probes.some(({ id }) => id === permit.probe);
  recordOutcome(record, settings, { generation: permit.generation, slot: holds }, outcome, nowMs);
  if (record.generation !== before) draft.probes = [];
  else if (holds) draft.probes = draft.probes.filter(({ id }) => id !== permit.probe);
}

/** Any other transition. */
export function changeTo(draft: Draft, change: (record: CircuitRecord) => void): void {
  const before = draft.record.generation;
  change(draft.record);
  if (draft.record.generation !== before) draft.probes = [];
}

/** Outcomes of an earlier generation are forgotten, as everywhere. */
export function replay(draft: Draft, pending: Pending | null): void {
  if (pending === null) return;
  const { generation, settings, succeeded, failures, atMs } = pending;
  const permit: SharedPermit = { generation, slot: false, probe: null };
  if (succeeded) recordTo(draft, settings, permit, 'success', atMs);
  for (let i = 0; i < failures; i += 1) recordTo(draft, settings, permit, 'failure', atMs);
}

export function addOutcome(
  pending: Pending | null,
  outcome: Exclude<CircuitOutcome, 'neutral'>,
  now: Pick<Pending, 'generation' | 'settings' | 'atMs'>,
): Pending {
  const same = pending !== null && pending.generation === now.generation ? pending : null;
  if (outcome === 'success') return { ...now, succeeded: true, failures: 0 };
  return { ...now, succeeded: same?.succeeded ?? false, failures: (same?.failures ?? 0) + 1 };
}

/** What was pending, and then what came on top of it. */
export function joined(earlier: Pending | null, later: Pending | null): Pending | null {
  if (earlier === null || later === null) return later ?? earlier;
  if (later.succeeded || earlier.generation !== later.generation) return later;
  return { ...later, succeeded: earlier.succeeded, failures: earlier.failures + later.failures };
}

const shown = [
  'state',
  'failureCount',
  'successCount',
  'openedMs',
  'nextRetryMs',
  'generation',
  'forcedReason',
] as const;

/** Whether others would see a difference; the times of the last outcomes alone are not worth a write. */
export function differs({ record, probes }: Draft, from: SharedCircuit): boolean {
  if (shown.some((field) => record[field] !== from.record[field])) return true;
  return probes.length !== from.probes.length || probes.some(({ id }, index) => id !== from.probes[index]?.id);
}
