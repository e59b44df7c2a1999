import type { CallState } from '../call-state.ts';

/**
 * One step of the pipeline. A stage before execute may set `state.outcome` (the answer is at hand: skip to settling) or throw a
 * HubError (refused). It answers at once where it can; a promise costs a turn of the event loop.
 */
export interface Stage {
  readonly name: string;
  run(state: CallState): void | Promise<void>;
}

/** A stage that never waits. */
export interface SyncStage extends Stage {
  run(state: CallState): void;
}
