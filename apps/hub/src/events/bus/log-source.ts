import type { Clock } from '@inthub/contracts';
import type { Database } from '../../database/database.ts';
import type { TypePattern } from '../type-pattern.ts';
import { type LogPosition, selectLog } from './log-repository.ts';
import type { Nudge } from './nudge.ts';
import type { EventSource } from './source.ts';

export interface LogSourceOptions {
  readonly database: Database;
  readonly pattern: TypePattern;
  readonly tenantId?: string;
  readonly after: LogPosition;
  /** Nudged when something for this consumer was committed. */
  readonly arrived: Nudge;
  /** How long to sleep when nobody says that there is something. */
  readonly pollMs: number;
  readonly clock: Clock;
}

const shortestWaitMs = 1;
const longestWaitMs = 20;

/** Reads the fact log from a position on, and never past a transaction that still runs. */
export function createLogSource({
  database,
  pattern,
  tenantId,
  arrived,
  pollMs,
  clock,
  ...start
}: LogSourceOptions): Pick<EventSource, 'read'> {
  let after = start.after;
  /** The last page was the end of the log: looking again before there is news would find nothing. */
  let isAtEnd = false;
  return {
    async read(max, signal) {
      for (let waitMs = shortestWaitMs; !signal.aborted; ) {
        if (isAtEnd) {
          await arrived.wait(pollMs, signal);
          isAtEnd = false;
          waitMs = shortestWaitMs;
          continue;
        }
        const page = await database.system('inthub_relay', (tx) => {
          tx.commitBehindNext();
          return selectLog(tx, { after, pattern, limit: max, ...(tenantId === undefined ? {} : { tenantId }) });
        });
        const last = page.entries.at(-1);
        isAtEnd = page.entries.length < max && !page.isHeldBack;
        if (last !== undefined) {
          after = last.position;
          return page.entries;
        }
        if (page.isHeldBack) {
          await clock.sleep(waitMs, signal).catch(() => undefined);
          waitMs = Math.min(waitMs * 2, longestWaitMs);
        }
      }
      return [];
    },
  };
}
