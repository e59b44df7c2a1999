import { type Clock, createId } from '@inthub/contracts';
import type { Database } from '../../database/database.ts';
import {
  claimDue,
  countLeased,
  giveBack,
  lockOpen,
  type Room,
  relaxDurability,
  removeOrphans,
  saveTokens,
  scanQueued,
} from './claim-repository.ts';
import { refill, roomOf } from './pacing.ts';
import { type Job, keyOf, type SubscriptionRef } from './queue-row.ts';

export interface ClaimsDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly leaseMs: number;
  readonly workerId: string;
}

/** Subscriptions looked at in one claim, and deliveries leased by it. */
const subscriptionsAtOnce = 64;
const deliveriesAtOnce = 500;
const orphansEveryMs = 60_000;
const first: SubscriptionRef = {
  tenantId: '00000000-0000-0000-0000-000000000000',
  subscriptionId: '00000000-0000-0000-0000-000000000000',
};

/**
 * Takes what is due out of the queue, subscription by subscription in turn: each gets as much room as its limits leave, however much others
 * have waiting. A claim reads as many rows as it takes, and one for each subscription that it passes.
 */
export function createClaims({ database, clock, leaseMs, workerId }: ClaimsDeps) {
  let after = first;
  let orphansAt = 0;

  return {
    /** @returns jobs that are leased, and whether it is worth while to ask again when there is room. */
    async claim(capacity: number): Promise<{ readonly jobs: readonly Job[]; readonly more: boolean }> {
      if (capacity <= 0) return { jobs: [], more: true };
      const now = clock.now();
      const lease = { now, leaseId: createId<string>(), leaseUntil: new Date(now.getTime() + leaseMs) };
      const wholeRound = after === first;
      const claimed = await database.system('inthub_dispatcher', async (tx) => {
        await relaxDurability(tx);
        const queued = await scanQueued(tx, { after, now, limit: subscriptionsAtOnce });
        if (now.getTime() >= orphansAt && queued.length > 0) {
          orphansAt = now.getTime() + orphansEveryMs;
          await removeOrphans(tx, queued);
        }
        const due = queued.filter((one) => one.due);
        const open = due.length === 0 ? [] : await lockOpen(tx, due, { now, workerId });
        const counts = open.length === 0 ? [] : await countLeased(tx, open, now);
        const rooms: Room[] = [];
        const buckets = new Map<string, SubscriptionRef & { tokens: number }>();
        let left = Math.min(capacity, deliveriesAtOnce);
        for (const [index, one] of open.entries()) {
          const elapsedMs = now.getTime() - one.refilledAt.getTime();
          const tokens = one.perSecond === null ? undefined : refill(one.tokens, one.perSecond, elapsedMs);
          const others = one.isShared && !one.failing ? one.concurrency : 0;
          const leased = (counts[index]?.leased ?? 0) + others;
          const take = Math.min(left, roomOf({ ...one, leased, tokens }));
          if (take === 0) continue;
          left -= take;
          rooms.push({ ...one, take });
          if (tokens !== undefined) buckets.set(keyOf(one), { ...one, tokens });
        }
        const jobs = rooms.length === 0 ? [] : await claimDue(tx, rooms, lease);
        for (const job of jobs) {
          const bucket = buckets.get(keyOf(job));
          if (bucket !== undefined) bucket.tokens -= 1;
        }
        await saveTokens(tx, [...buckets.values()], now);
        return { queued, jobs };
      });
      const last = claimed.queued.at(-1);
      const isEnd = claimed.queued.length < subscriptionsAtOnce || last === undefined;
      after = isEnd ? first : last;
      // Something was due somewhere, or was not looked at: whether it could be taken or not, ask again when there is room.
      return { jobs: claimed.jobs, more: claimed.queued.some(({ due }) => due) || !isEnd || !wholeRound };
    },
    async giveBack(jobs: readonly Job[]): Promise<void> {
      if (jobs.length === 0) return;
      await database.system('inthub_dispatcher', (tx) => giveBack(tx, jobs, clock.now()));
    },
  };
}
