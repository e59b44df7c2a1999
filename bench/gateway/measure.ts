// One measurement of one subject, with what it and others cost meanwhile.
import { busyMs, cpuMs, familyOf, subjectCore } from './cores.ts';
import { closedLoop, type LoadResult, openLoop, wait } from './load.ts';
import { quantile } from './statistics.ts';
import type { Subject } from './subjects.ts';

export interface Measurement {
  readonly perSecond: number;
  /** CPU of the subject's processes for one request, µs; NaN where unknown or none is its own. */
  readonly cpuUs: number;
  /** The same of its database. */
  readonly databaseCpuUs: number;
  /** Share of the subject's core that other processes of the machine took. */
  readonly othersShare: number;
  readonly p50Us: number;
  readonly p99Us: number;
}

export type Load =
  | { readonly kind: 'closed'; readonly connections: number; readonly seconds: number }
  | { readonly kind: 'open'; readonly rate: number; readonly seconds: number };

/** More of the core than this taken by others: measured again. */
const tolerated = 0.05;
const tries = 4;

/** @throws Error when a single answer was wrong. */
export async function measure(subject: Subject, load: Load): Promise<Measurement> {
  let best: Measurement | undefined;
  for (let turn = 0; turn < tries; turn += 1) {
    const measured = await measureOnce(subject, load);
    if (best === undefined || measured.othersShare < best.othersShare) best = measured;
    if (!(best.othersShare > tolerated) || subject.pids.length === 0) break;
  }
  if (best === undefined) throw new Error('nothing was measured');
  return best;
}

/** Brings a subject up to speed, uncounted. */
export async function warmUp(subject: Subject, connections: number, seconds: number): Promise<void> {
  const result = await closedLoop(subject.shot, connections, seconds);
  // A database that is writing out what came before may keep everybody waiting for as long as this takes.
  if (result.errors > 0) refuseErrors(subject, result);
}

async function measureOnce(subject: Subject, load: Load): Promise<Measurement> {
  await warmUp(subject, load.kind === 'closed' ? load.connections : 8, 0.3);
  const [ownBefore, databaseBefore, busyBefore, startedMs] = [
    cpuMs(subject.pids),
    databaseCpu(subject),
    busyMs(subjectCore),
    performance.now(),
  ];
  const result =
    load.kind === 'closed'
      ? await closedLoop(subject.shot, load.connections, load.seconds)
      : await openLoop(subject.shot, load.rate, load.seconds);
  const ownMs = cpuMs(subject.pids) - ownBefore;
  const busy = busyMs(subjectCore) - busyBefore;
  const tookMs = performance.now() - startedMs;
  refuseErrors(subject, result);
  // What is batched, as the audit, belongs to the requests before.
  await wait(200);
  const databaseMs = databaseCpu(subject) - databaseBefore;
  const of = (ms: number) => (ms * 1_000) / result.answers;
  return {
    perSecond: result.answers / result.seconds,
    cpuUs: subject.pids.length === 0 ? Number.NaN : of(ownMs),
    databaseCpuUs: subject.databasePids.length === 0 ? Number.NaN : of(databaseMs),
    othersShare: Math.max(0, busy - ownMs) / tookMs,
    p50Us: quantile(result.latencies, 0.5) * 1_000,
    p99Us: quantile(result.latencies, 0.99) * 1_000,
  };
}

function databaseCpu({ databasePids }: Subject): number {
  const [server] = databasePids;
  return server === undefined ? Number.NaN : cpuMs(familyOf(server));
}

function refuseErrors({ name }: Subject, { errors, answers, firstError }: LoadResult): void {
  if (errors > 0 || answers === 0) {
    throw new Error(
      `${name}: ${errors} of ${answers + errors} answers were wrong, so there is no result: ${firstError}`,
    );
  }
}
