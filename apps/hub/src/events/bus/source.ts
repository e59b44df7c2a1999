import type { IntegrationEvent } from '@inthub/contracts';
import type { LogPosition } from './log-repository.ts';

/** Where a consumer's events come from: the log itself, or what carries it. */
export interface EventSource {
  /** The next ones, in order, at most `max`; waits until there are some. Empty only when `signal` is aborted. */
  read(max: number, signal: AbortSignal): Promise<readonly SourceEntry[]>;
  close(): Promise<void>;
}

export interface SourceEntry {
  readonly position: LogPosition;
  /** Null: not for this consumer. */
  readonly event: IntegrationEvent | null;
  /** Somebody had it before and did not say that it was done: a process that ended, or one that was too slow. */
  readonly isRepeated?: boolean;
  /** The entry is done with, durably. Absent where the consumer's position says so. */
  readonly acknowledge?: () => void;
}
