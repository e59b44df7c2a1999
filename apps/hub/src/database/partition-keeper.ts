import type { Clock } from '@inthub/contracts';
import type { DatabaseLog } from './database-log.ts';
import { createMonthPartitions, dropMonthPartitions } from './partition-repository.ts';
import { createRounds, type Rounds } from './rounds.ts';
import type { Database } from './tenant-scope.ts';

export interface KeptTable {
  readonly name: string;
  /** Rows older than this go with their month; null keeps them for ever. */
  readonly keepDays: number | null;
  /** Called before what is older is dropped; when it rejects, nothing is. */
  readonly beforeDrop?: (olderThan: Date) => Promise<void>;
}

/** A round every day. */
export interface PartitionKeeper extends Rounds {
  /** One round: makes what is missing, drops what is too old. A table that fails is logged and does not hold back the others. */
  run(): Promise<void>;
}

const monthsAhead = 3;
const dayMs = 86_400_000;

/** Keeps the monthly tables supplied with partitions and within their retention. Safe to run on every replica. */
export function createPartitionKeeper(options: {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: DatabaseLog;
  /** Asked in every round. */
  readonly tables: readonly KeptTable[] | (() => Promise<readonly KeptTable[]>);
}): PartitionKeeper {
  const { database, clock, log, tables } = options;

  async function keep({ name, keepDays, beforeDrop }: KeptTable): Promise<void> {
    try {
      const made = await database.system('inthub_scheduler', (tx) => createMonthPartitions(tx, name, monthsAhead));
      let dropped = 0;
      if (keepDays !== null) {
        const olderThan = startOfMonth(new Date(clock.now().getTime() - keepDays * dayMs));
        await beforeDrop?.(olderThan);
        dropped = await database.system('inthub_scheduler', (tx) => dropMonthPartitions(tx, name, olderThan));
      }
      if (made > 0 || dropped > 0) log.info({ table: name, made, dropped }, 'partitions kept');
    } catch (error) {
      log.error({ err: error, table: name }, 'partitions could not be kept; they are tried again tomorrow');
    }
  }

  async function run(): Promise<void> {
    for (const table of typeof tables === 'function' ? await tables() : tables) await keep(table);
  }

  const onError = (error: unknown) => log.error({ err: error }, 'how long things are kept could not be read');
  return { run, ...createRounds({ clock, everyMs: dayMs, run, onError }) };
}

/** UTC, as the partitions are. */
function startOfMonth(time: Date): Date {
  return new Date(Date.UTC(time.getUTCFullYear(), time.getUTCMonth(), 1));
}
