import { setTimeout as sleep } from 'node:timers/promises';

/** Time, to be replaced in tests. */
export interface AgentClock {
  /** Milliseconds that only grow. */
  nowMs(): number;
  /** For the record. */
  now(): Date;
  /** @throws the signal's reason when it aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const agentClock: AgentClock = {
  nowMs: () => performance.now(),
  now: () => new Date(),
  sleep: (ms, signal) => sleep(ms, undefined, signal === undefined ? {} : { signal }),
};
