import type { Clock } from '@inthub/contracts';
import type { DatabaseLog } from './database-log.ts';
import { createMonthPartitions, dropMonthPartitions } from './partition-repository.ts';
import type { Database } from './tenant-scope.ts';

export interface KeptTable {
  readonly name: string;
  /** Rows older than this go with their month; null keeps them for ever. */
  readonly keepDays: number | null;
}

export interface PartitionKeeper {
  /** One round: makes what is missing, drops what is too old. A table that fails is logged and does not hold back the others. */
  run(): Promise<void>;
  /** A round now and every day. */
  start(): void;
  stop(): Promise<void>;
}

const monthsAhead = 3;
const dayMs = 86_400_000;

/** Keeps the monthly tables supplied with partitions and within their retention. Safe to run on every replica. */
export function createPartitionKeeper(options: {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: DatabaseLog;
  readonly tables: readonly KeptTable[];
}): PartitionKeeper {
  const { database, clock, log, tables } = options;
  const stopping = new AbortController();
  let running: Promise<void> = Promise.resolve();

  async function keep({ name, keepDays }: KeptTable): Promise<void> {
    try {
      const [made, dropped] = await database.system('inthub_scheduler', async (tx) => [
        await createMonthPartitions(tx, name, monthsAhead),
        keepDays === null ? 0 : await dropMonthPartitions(tx, name, new Date(clock.now().getTime() - keepDays * dayMs)),
      ]);
      if (made > 0 || dropped > 0) log.info({ table: name, made, dropped }, 'partitions kept');
    } catch (error) {
      log.error(
        { err: error, table: name },
        'partitions could not be kept; rows go to the default partition meanwhile',
      );
    }
  }

  async function run(): Promise<void> {
    for (const table of tables) await keep(table);
  }

  async function loop(): Promise<void> {
    while (!stopping.signal.aborted) {
      await run();
      await clock.sleep(dayMs, stopping.signal).catch(() => undefined);
    }
  }

  return {
    run,
    start() {
      running = loop();
    },
    async stop() {
      stopping.abort();
      await running;
    },
  };
}
