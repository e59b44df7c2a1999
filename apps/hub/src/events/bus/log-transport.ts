import type { Clock } from '@inthub/contracts';
import type { Database } from '../../database/database.ts';
import { createLogSource } from './log-source.ts';
import { concerns, type EventNews } from './news.ts';
import { createNudge } from './nudge.ts';
import type { Transport } from './transport.ts';

/** PostgreSQL alone: each consumer reads the log itself. */
export function createLogTransport(options: {
  readonly database: Database;
  readonly news: EventNews;
  readonly clock: Clock;
  readonly pollMs: number;
}): Transport {
  const { database, news, clock, pollMs } = options;
  return {
    sharesReading: false,
    async open({ pattern, tenantId, after }) {
      const arrived = createNudge(clock);
      const unlisten = news.listen((types) => {
        if (concerns(types, pattern)) arrived.nudge();
      });
      const source = createLogSource({
        database,
        pattern,
        after,
        arrived,
        pollMs,
        clock,
        ...(tenantId === undefined ? {} : { tenantId }),
      });
      return {
        read: source.read,
        async close() {
          unlisten();
        },
      };
    },
    async close() {},
  };
}
