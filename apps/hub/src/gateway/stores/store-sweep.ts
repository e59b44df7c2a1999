// Removes from the database what the stores need no more: first results after a day, breakers long closed.
import type { Clock } from '@inthub/contracts';
import type { Database } from '../../database/database.ts';
import type { Log } from '../../telemetry/telemetry.ts';
import { deleteClosedCircuits } from './circuit-repository.ts';
import { deleteExpiredKeys } from './idempotency-repository.ts';

const everyMs = 600_000;
const firstMs = 60_000;
/** Short transactions: a large one would hold back vacuum, and others who delete. */
const batch = 1_000;
/** What is left over waits for the next time. */
const maxBatches = 200;

export interface StoreSweep {
  close(): Promise<void>;
}

export interface StoreSweepDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Log;
}

/** Every replica sweeps, ten minutes apart; those that meet share the work. */
export function startStoreSweep({ database, clock, log }: StoreSweepDeps): StoreSweep {
  const stop = new AbortController();
  let sweeping: Promise<void> = Promise.resolve();

  async function sweep(): Promise<void> {
    for (const remove of [deleteExpiredKeys, deleteClosedCircuits]) {
      for (let i = 0; i < maxBatches && !stop.signal.aborted; i += 1) {
        const removed = await database.system('inthub_scheduler', (tx) => remove(tx, batch));
        if (removed < batch) break;
      }
    }
  }

  async function beat(): Promise<void> {
    for (let pauseMs = firstMs; ; pauseMs = everyMs) {
      await clock.sleep(pauseMs, stop.signal);
      sweeping = sweep().catch((error: unknown) => log.warn({ err: error }, 'old gateway state could not be removed'));
      await sweeping;
    }
  }
  // Ends by the signal only.
  beat().catch(() => undefined);

  return {
    async close() {
      stop.abort(null);
      await sweeping;
    },
  };
}
