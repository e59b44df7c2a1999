import type { Clock } from '@inthub/contracts';
import type { Database } from '../../database/database.ts';
import type { BatchHandler } from '../bus.ts';
import type { PositionedHandler } from './delivery-window.ts';
import type { Turn } from './turn.ts';

/** A durable consumer as its subscriber described it. */
export interface ConsumerSettings {
  readonly consumer: string;
  readonly handler: { readonly each: PositionedHandler } | { readonly batch: BatchHandler; readonly maxBatch: number };
  readonly ordered: boolean;
  readonly concurrency: number;
  readonly maxRetries: number;
  readonly retryDelaysMs: readonly number[];
  readonly timeoutMs: number;
  readonly pauseOn: (error: unknown) => boolean;
  /** Whether an event that ends the process again and again becomes a dead letter. */
  readonly countStarts: boolean;
}

export interface ServeDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: { debug(fields: object, message: string): void; warn(fields: object, message: string): void };
  readonly random: () => number;
  readonly redact: (text: string, tenantId: string) => string;
  readonly timing: ServeTiming;
  /** Of this process; see database/listener.ts. */
  readonly presence: number;
  /** One for the whole process: events that may have ended a process are tried one at a time. */
  readonly turn: Turn;
}

export interface ServeTiming {
  /** How long a lease lasts without being renewed. */
  readonly leaseMs: number;
  /** How often a consumer looks for events whose retry is due, and at the log when nobody tells it of news. */
  readonly retryPollMs: number;
  readonly pollMs: number;
}
