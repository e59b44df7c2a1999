import { type Clock, HubError } from '@inthub/contracts';
import type { Job } from './queue-row.ts';

/**
 * Deliveries of this worker that stand in no queue: the log keeps their events until what came of them is written down, or until they have
 * taken so long that they are queued after all.
 */
export interface Direct {
  /** Resolves when all of them are in the history or in the queue. Rejects when this worker gives them up: then they have to come again. */
  add(jobs: readonly Job[]): Promise<void>;
  /** Whether it stands in no queue. */
  has(job: Job): boolean;
  /** The end of one that is under way already: the bus hands an event over again when it does not know what became of it. */
  find(deliveryId: string): Promise<void> | undefined;
  /** It is being sent from now on; until `ended` has been told. */
  begun(job: Job): void;
  ended(job: Job): void;
  /** They are in the history or in the queue now. */
  settle(jobs: readonly Job[]): void;
  giveUp(jobs: readonly Job[]): void;
  /** Those that are being sent, or have waited for that, for too long. */
  overdue(): { readonly sending: readonly Job[]; readonly waiting: readonly Job[] };
  /** Until something is overdue; undefined: nothing is under way. */
  untilOverdueMs(): number | undefined;
  /** An endpoint that could not keep up gets its deliveries through the queue for a while. */
  slowDown(key: string): void;
  isSlow(key: string): boolean;
}

/**
 * The consumer's position waits for as long. An endpoint that answers as soon as an event is safe, as receivers are asked to, takes less even where
 * the hub is as busy as it can be.
 */
const patienceMs = 500;
/** With what waits for a place of its endpoint, or for the database. */
const longestMs = 2_000;
const slowMs = 10_000;

interface Group {
  readonly jobs: readonly Job[];
  left: number;
  readonly overdueMs: number;
  readonly end: PromiseWithResolvers<void>;
}

export function createDirect(clock: Clock): Direct {
  const inHand = new Map<string, { readonly job: Job; readonly group: Group }>();
  /** Oldest first. */
  const groups = new Set<Group>();
  /** Those being sent, with the time until which they may take: oldest first. */
  const sending = new Map<Job, number>();
  const slow = new Map<string, number>();

  const has = (job: Job): boolean => inHand.get(job.id)?.job === job;

  function remove(jobs: readonly Job[], onLast: (group: Group) => void): void {
    for (const job of jobs) {
      const found = inHand.get(job.id);
      if (found?.job !== job) continue;
      inHand.delete(job.id);
      sending.delete(job);
      found.group.left -= 1;
      if (found.group.left > 0) continue;
      groups.delete(found.group);
      onLast(found.group);
    }
  }

  return {
    async add(jobs) {
      if (jobs.length === 0) return;
      const overdueMs = clock.monotonicMs() + longestMs;
      const group: Group = { jobs, left: jobs.length, overdueMs, end: Promise.withResolvers() };
      groups.add(group);
      for (const job of jobs) inHand.set(job.id, { job, group });
      await group.end.promise;
    },
    has,
    find: (deliveryId) => inHand.get(deliveryId)?.group.end.promise,
    begun(job) {
      if (has(job)) sending.set(job, clock.monotonicMs() + patienceMs);
    },
    ended: (job) => void sending.delete(job),
    settle: (jobs) => remove(jobs, ({ end }) => end.resolve()),
    giveUp(jobs) {
      const error = new HubError('unavailable', 'Deliveries were given up before they were written down.');
      for (const job of jobs) if (has(job)) inHand.get(job.id)?.group.end.reject(error);
      remove(jobs, () => undefined);
    },
    overdue() {
      const nowMs = clock.monotonicMs();
      const found = { sending: [] as Job[], waiting: [] as Job[] };
      for (const [job, overdueMs] of sending) {
        if (overdueMs > nowMs) break;
        found.sending.push(job);
      }
      for (const { jobs, overdueMs } of groups) {
        if (overdueMs > nowMs) break;
        found.waiting.push(...jobs.filter(has));
      }
      return found;
    },
    untilOverdueMs() {
      const [group] = groups;
      if (group === undefined) return undefined;
      const [first] = sending.values();
      return Math.max(0, Math.min(group.overdueMs, first ?? group.overdueMs) - clock.monotonicMs());
    },
    slowDown: (key) => void slow.set(key, clock.monotonicMs() + slowMs),
    isSlow(key) {
      const untilMs = slow.get(key);
      if (untilMs === undefined) return false;
      if (untilMs > clock.monotonicMs()) return true;
      slow.delete(key);
      return false;
    },
  };
}
