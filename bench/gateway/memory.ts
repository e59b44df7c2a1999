import { readFileSync } from 'node:fs';
import type { StartedProcess } from './start-process.ts';

/** Resident memory of a process in MiB. Linux only. */
export function residentMb({ pid }: StartedProcess): number {
  const kb = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Math.round(Number(kb) / 1_024);
}
