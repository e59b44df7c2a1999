import { type Clock, HubError } from '@inthub/contracts';
import type { Job } from './queue-row.ts';

/**
 * Deliveries of this worker that stand in no queue: the log keeps their events until what came of them is written down, or until they have
 * taken so long that they are queued after all.
 */
export interface Direct {
  readonly size: number;
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
  readonly jobs: Map<string, Job>;
  readonly overdueMs: number;
  readonly end: PromiseWithResolvers<void>;
}

export function createDirect(clock: Clock): Direct {
  const groups = new Map<string, Group>();
  /** Oldest first. */
  const waiting = new Set<Group>();
  /** When they were begun: oldest first. */
  const sending = new Map<string, { readonly job: Job; readonly overdueMs: number }>();
  const slow = new Map<string, number>();

  const has = ({ id, leaseId }: Job) => groups.get(id)?.jobs.get(id)?.leaseId === leaseId;

  function remove(jobs: readonly Job[], onEmpty: (group: Group) => void): void {
    for (const job of jobs) {
      const { id } = job;
      const group = groups.get(id);
      if (group === undefined || !has(job)) continue;
      groups.delete(id);
      sending.delete(id);
      group.jobs.delete(id);
      if (group.jobs.size > 0) continue;
      waiting.delete(group);
      onEmpty(group);
    }
  }

  return {
    get size() {
      return groups.size;
    },
    async add(jobs) {
      if (jobs.length === 0) return;
      const group: Group = {
        jobs: new Map(jobs.map((job) => [job.id, job])),
        overdueMs: clock.monotonicMs() + longestMs,
        end: Promise.withResolvers(),
      };
      waiting.add(group);
      for (const { id } of jobs) groups.set(id, group);
      await group.end.promise;
    },
    has,
    begun(job) {
      if (has(job)) sending.set(job.id, { job, overdueMs: clock.monotonicMs() + patienceMs });
    },
    ended: ({ id }) => void sending.delete(id),
    find: (deliveryId) => groups.get(deliveryId)?.end.promise,
    settle: (jobs) => remove(jobs, ({ end }) => end.resolve()),
    giveUp(jobs) {
      const error = new HubError('unavailable', 'Deliveries were given up before they were written down.');
      for (const { id } of jobs) groups.get(id)?.end.reject(error);
      remove(jobs, () => undefined);
    },
    overdue() {
      const nowMs = clock.monotonicMs();
      const found = { sending: [] as Job[], waiting: [] as Job[] };
      for (const { job, overdueMs } of sending.values()) {
        if (overdueMs > nowMs) break;
        found.sending.push(job);
      }
      for (const group of waiting) {
        if (group.overdueMs > nowMs) break;
        found.waiting.push(...group.jobs.values());
      }
      return found;
    },
    untilOverdueMs() {
      const [group] = waiting;
      if (group === undefined) return undefined;
      const [first] = sending.values();
      return Math.max(0, Math.min(group.overdueMs, first?.overdueMs ?? group.overdueMs) - clock.monotonicMs());
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
