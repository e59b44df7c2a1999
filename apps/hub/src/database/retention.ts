import { type Clock, HubError, invalidField } from '@inthub/contracts';
import type { KeptTable } from './partition-keeper.ts';
import { selectRetention, upsertRetention } from './retention-repository.ts';
import type { Database } from './tenant-scope.ts';

/** Something that is kept for a time, and the monthly tables that hold it. */
export interface RetentionKind {
  readonly kind: string;
  readonly tables: readonly string[];
  /** Null: for ever. */
  readonly defaultDays: number | null;
  /** What works on it needs it that long. */
  readonly leastDays: number;
}

export interface RetentionSetting {
  readonly kind: string;
  /** Null: for ever. Whole months go, once their youngest day is older. */
  readonly keepDays: number | null;
  readonly defaultDays: number | null;
  readonly leastDays: number;
  /** ISO 8601; null: the default holds. */
  readonly changedAt: string | null;
  readonly changedBy: string | null;
}

/** How long things are kept, for the whole platform. */
export interface Retention {
  list(): Promise<readonly RetentionSetting[]>;
  /** @throws HubError `not_found` for an unknown kind, `invalid_request` for too few days */
  set(kind: string, keepDays: number | null, changedBy: string): Promise<RetentionSetting>;
  /** The tables with their present times. */
  tables(): Promise<readonly KeptTable[]>;
}

const mostDays = 36_500;

export function createRetention(options: {
  readonly database: Database;
  readonly clock: Clock;
  readonly kinds: readonly RetentionKind[];
}): Retention {
  const { database, clock, kinds } = options;

  async function list(): Promise<readonly RetentionSetting[]> {
    const rows = await database.system('inthub_scheduler', selectRetention);
    return kinds.map(({ kind, defaultDays, leastDays }) => {
      const row = rows.find((each) => each.kind === kind);
      return {
        kind,
        keepDays: row === undefined ? defaultDays : row.keepDays,
        defaultDays,
        leastDays,
        changedAt: row?.changedAt.toISOString() ?? null,
        changedBy: row?.changedBy ?? null,
      };
    });
  }

  return {
    list,
    async set(kind, keepDays, changedBy) {
      const known = kinds.find((each) => each.kind === kind);
      if (known === undefined) {
        throw new HubError(
          'not_found',
          `Nothing of the kind "${kind}" is kept; there are ${kinds.map((each) => each.kind).join(', ')}.`,
        );
      }
      if (keepDays !== null && !(Number.isInteger(keepDays) && keepDays >= known.leastDays && keepDays <= mostDays)) {
        throw invalidField(
          '/keepDays',
          `must be null (for ever) or a whole number from ${known.leastDays} to ${mostDays}`,
          'range',
        );
      }
      await database.system('inthub_platform', (tx) =>
        upsertRetention(tx, { kind, keepDays, changedAt: clock.now(), changedBy }),
      );
      const setting = (await list()).find((each) => each.kind === kind);
      if (setting === undefined) throw new HubError('internal');
      return setting;
    },
    async tables() {
      const settings = await list();
      return kinds.flatMap(({ kind, tables, defaultDays }) => {
        const setting = settings.find((each) => each.kind === kind);
        const keepDays = setting === undefined ? defaultDays : setting.keepDays;
        return tables.map((name) => ({ name, keepDays }));
      });
    },
  };
}
