import { type Clock, invalidField, isId, isStorable, type Page, type TenantId } from '@inthub/contracts';
import { cursorKind, type Database, pageByTime } from '../database/database.ts';
import type { DeadLetter, DeadLetterFilter, DeadLetters, RedriveOptions } from './bus.ts';
import {
  countDeadLetters,
  type DeadLetterQuery,
  removeDeadLetters,
  selectDeadLetters,
} from './dead-letter-repository.ts';
import { parseTime } from './replay.ts';
import { parseTypePattern } from './type-pattern.ts';

const mostAtOnce = 10_000;
const mostIds = 1_000;
const pace = { least: 0.1, default: 10, most: 1_000 };

/** @param onRedriven events of some consumer are due, after commit */
export function createDeadLetters(options: {
  readonly database: Database;
  readonly clock: Clock;
  readonly onRedriven: () => void;
}): DeadLetters {
  const { database, clock } = options;

  async function remove(
    tenantId: TenantId,
    filter: DeadLetterFilter,
    { dryRun = false, limit = mostAtOnce, record, pacePerSecond }: RedriveOptions,
  ): Promise<{ count: number; more: boolean }> {
    if (!Number.isInteger(limit) || limit < 1 || limit > mostAtOnce) {
      throw invalidField('/limit', `must be a whole number from 1 to ${mostAtOnce}`, 'range');
    }
    if (pacePerSecond !== undefined && !(pacePerSecond >= pace.least && pacePerSecond <= pace.most)) {
      throw invalidField('/pacePerSecond', `must be from ${pace.least} to ${pace.most}`, 'range');
    }
    const query = readFilter(filter);
    return database.tenant(tenantId, async (tx) => {
      const onlyKnown = pacePerSecond !== undefined;
      const found = await countDeadLetters(tx, query, { limit, onlyKnown });
      if (dryRun || found === 0) return { count: Math.min(found, limit), more: found > limit };
      const redrive = pacePerSecond === undefined ? null : { now: clock.now(), spacingMs: 1_000 / pacePerSecond };
      const count = await removeDeadLetters(tx, query, { limit, redrive });
      await record?.(tx, count);
      if (redrive !== null) tx.afterCommit(options.onRedriven);
      return { count, more: found > limit };
    });
  }

  const newest: DeadLetters['newest'] = async (tenantId, filter, { after, take }) => {
    const query = readFilter(filter);
    return database.tenant(tenantId, (tx) =>
      selectDeadLetters(tx, { ...query, limit: take, ...(after === undefined ? {} : { after }) }),
    );
  };

  return {
    newest,
    async list(tenantId, { cursor, limit, ...filter }): Promise<Page<DeadLetter>> {
      const kind = cursorKind('dead-letters', { ...filter, ids: filter.ids?.join() });
      return pageByTime(kind, { cursor, limit, timeOf: ({ deadAt }) => deadAt }, (from) =>
        newest(tenantId, filter, from),
      );
    },
    async find(tenantId, id) {
      if (!isId(id)) return undefined;
      const [found] = await database.tenant(tenantId, (tx) =>
        selectDeadLetters(tx, { ids: [id], type: 'any', limit: 1 }),
      );
      return found;
    },
    redrive: (tenantId, filter, given = {}) =>
      remove(tenantId, filter, { ...given, pacePerSecond: given.pacePerSecond ?? pace.default }),
    async drop(tenantId, filter, given = {}) {
      if (Object.values(filter).every((value) => value === undefined)) {
        throw invalidField('/filter', 'is empty: name at least one field; {"type": "*"} means all of them', 'required');
      }
      return remove(tenantId, filter, given);
    },
  };
}

function readFilter({ ids, consumer, type = '*', source, since, until }: DeadLetterFilter): DeadLetterQuery {
  if (ids !== undefined && (ids.length === 0 || ids.length > mostIds || !ids.every(isId))) {
    throw invalidField('/ids', `must be 1 to ${mostIds} ids of dead letters`, 'format');
  }
  for (const [name, value] of Object.entries({ consumer, source })) {
    if (value !== undefined && !isStorable(value))
      throw invalidField(`/${name}`, 'holds characters that no text has', 'format');
  }
  return {
    type: parseTypePattern(type),
    ...(ids === undefined ? {} : { ids }),
    ...(consumer === undefined ? {} : { consumer }),
    ...(source === undefined ? {} : { source }),
    ...(since === undefined ? {} : { since: parseTime(since, '/since') }),
    ...(until === undefined ? {} : { until: parseTime(until, '/until') }),
  };
}
