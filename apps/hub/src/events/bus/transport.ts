import type { TypePattern } from '../type-pattern.ts';
import type { LogPosition } from './log-repository.ts';
import type { EventSource } from './source.ts';

/** How events come from the log to the consumers. */
export interface Transport {
  /**
   * Whether several processes may read for one consumer at once. If not, only the one that holds the lease does; for ordered consumers
   * that is so anyway.
   */
  readonly sharesReading: boolean;
  open(reading: Reading): Promise<EventSource>;
  close(): Promise<void>;
}

export interface Reading {
  readonly consumer: string;
  readonly pattern: TypePattern;
  readonly tenantId?: string;
  readonly ordered: boolean;
  readonly after: LogPosition;
  /** Longest time that an entry may stay unacknowledged while all is well. */
  readonly patienceMs: number;
}
