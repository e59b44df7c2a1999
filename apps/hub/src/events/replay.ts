import { type Clock, invalidField } from '@inthub/contracts';
import type { Database } from '../database/database.ts';
import { comparePositions, type LogPosition, logStart, selectEnd, selectLog } from './bus/log-repository.ts';
import type { EventHandler, ReplayOptions } from './bus.ts';
import { parseTypePattern } from './type-pattern.ts';

const readAtOnce = 200;

/** Reads an ISO 8601 time. @throws HubError `invalid_request` naming `path` */
export function parseTime(text: string, path: string): Date {
  const date = new Date(text);
  if (!/^\d{4}-\d{2}-\d{2}/.test(text) || Number.isNaN(date.getTime())) {
    throw invalidField(path, 'is not an ISO 8601 time such as 2026-11-21T10:00:00Z', 'format');
  }
  return date;
}

/** {@link import('./bus.ts').EventBus.replay} over the log; the same for every transport, because the log is the truth. */
export async function replayLog(
  { database, clock }: { readonly database: Database; readonly clock: Clock },
  query: { readonly pattern: string; readonly since: string } & ReplayOptions,
  handler: EventHandler,
): Promise<number> {
  const pattern = parseTypePattern(query.pattern, '/pattern');
  const since = parseTime(query.since, '/since');
  const until = query.until === undefined ? clock.now() : parseTime(query.until, '/until');
  const signal = query.signal ?? new AbortController().signal;
  const end = await database.system('inthub_relay', selectEnd);
  let after: LogPosition = logStart;
  let count = 0;
  for (;;) {
    const { entries } = await database.system('inthub_relay', (tx) =>
      selectLog(tx, {
        after,
        pattern,
        since,
        limit: readAtOnce,
        upTo: 'committed',
        ...(query.tenantId === undefined ? {} : { tenantId: query.tenantId }),
      }),
    );
    for (const { event, position } of entries) {
      if (comparePositions(position, end) > 0) return count;
      signal.throwIfAborted();
      if (event === null || Date.parse(event.timestamp) > until.getTime()) continue;
      await handler(event, { signal });
      count++;
    }
    const last = entries.at(-1);
    if (last === undefined) return count;
    after = last.position;
  }
}
