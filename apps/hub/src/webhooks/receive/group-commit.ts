// Deliveries on their way to the database: what arrives while one batch is being committed travels together in the next. Nobody waits
// for a timer, so a single delivery is stored at once and a flood shares its commits.
import { HubError } from '@inthub/contracts';
import type { NewInbound } from './inbound-delivery.ts';

export interface GroupCommit {
  /**
   * Resolves once the delivery is committed.
   * @throws HubError `unavailable` when the queue is full or the database cannot be written: the sender has to come again.
   */
  store(delivery: NewInbound): Promise<StoredInbound>;
  /** Deliveries that wait or are being written. */
  readonly waiting: number;
  /** Waits for what is under way; refuses what comes later. */
  close(): Promise<void>;
}

export interface StoredInbound {
  /** Under which it is stored: for a duplicate that of the first. */
  readonly id: string;
  readonly duplicate: boolean;
}

export interface GroupCommitOptions {
  /** Commits a batch, all or nothing; gives one outcome for each, in order. */
  write(batch: readonly NewInbound[]): Promise<readonly StoredInbound[]>;
  /** Deliveries of one commit; default 256. */
  readonly maxBatch?: number;
  /** Body bytes of one commit; default 8 MiB. A single larger body travels alone. */
  readonly maxBatchBytes?: number;
  /** Commits at the same time; default 3: while one waits for the disk, the next is written and one more comes together. */
  readonly concurrency?: number;
  /**
   * Deliveries that begin a commit beside another; default 20. Fewer wait until that one is done: what a commit costs the database besides its
   * rows is as much as five rows.
   */
  readonly leastBeside?: number;
  /** Deliveries that may wait; default 10 000. */
  readonly maxWaiting?: number;
  /** Body bytes that may wait; default 128 MiB. */
  readonly maxWaitingBytes?: number;
  /** How much of both one integration may hold, so that there is room for the others; default half. */
  readonly largestShare?: number;
}

interface Entry {
  readonly delivery: NewInbound;
  resolve(stored: StoredInbound): void;
  reject(error: unknown): void;
}

export function createGroupCommit(options: GroupCommitOptions): GroupCommit {
  const { write, maxBatch = 256, maxBatchBytes = 8 << 20, concurrency = 3 } = options;
  const {
    leastBeside = Math.min(20, maxBatch),
    maxWaiting = 10_000,
    maxWaitingBytes = 128 << 20,
    largestShare = 0.5,
  } = options;
  let queue: Entry[] = [];
  let waiting = 0;
  let waitingBytes = 0;
  /** What of it each integration holds. */
  const shares = new Map<string, { count: number; bytes: number }>();
  let isScheduled = false;
  let isClosed = false;
  const writing = new Set<Promise<void>>();

  function hold({ integrationId, body }: NewInbound): void {
    waiting += 1;
    waitingBytes += body.length;
    const share = shares.get(integrationId);
    if (share === undefined) shares.set(integrationId, { count: 1, bytes: body.length });
    else {
      share.count += 1;
      share.bytes += body.length;
    }
  }

  function release({ integrationId, body }: NewInbound): void {
    waiting -= 1;
    waitingBytes -= body.length;
    const share = shares.get(integrationId);
    if (share === undefined) return;
    share.count -= 1;
    share.bytes -= body.length;
    if (share.count === 0) shares.delete(integrationId);
  }

  /** Why there is no room for a delivery; undefined when there is. */
  function obstacle({ integrationId, body }: NewInbound): string | undefined {
    if (isClosed) return 'The hub is shutting down.';
    if (waiting >= maxWaiting || waitingBytes + body.length > maxWaitingBytes)
      return 'More deliveries are waiting to be stored than the hub keeps in memory.';
    const { count, bytes } = shares.get(integrationId) ?? { count: 0, bytes: 0 };
    if (count + 1 > maxWaiting * largestShare || bytes + body.length > maxWaitingBytes * largestShare)
      return 'More deliveries of this integration are waiting to be stored than the hub keeps in memory.';
    return undefined;
  }

  function takeBatch(): Entry[] {
    let bytes = 0;
    let count = 0;
    for (const { delivery } of queue) {
      bytes += delivery.body.length;
      if (count > 0 && (count === maxBatch || bytes > maxBatchBytes)) break;
      count += 1;
    }
    const batch = queue.slice(0, count);
    queue = queue.slice(count);
    return batch;
  }

  async function commit(batch: readonly Entry[]): Promise<void> {
    try {
      const stored = await write(batch.map(({ delivery }) => delivery));
      batch.forEach((entry, index) => {
        const outcome = stored[index];
        if (outcome === undefined) entry.reject(new HubError('internal', 'A delivery got no outcome.'));
        else entry.resolve(outcome);
      });
    } catch (error) {
      for (const entry of batch) entry.reject(error);
    } finally {
      for (const { delivery } of batch) release(delivery);
    }
  }

  function mayBegin(): boolean {
    if (writing.size === 0) return queue.length > 0;
    return writing.size < concurrency && queue.length >= leastBeside;
  }

  function pump(): void {
    isScheduled = false;
    while (mayBegin()) {
      const work = commit(takeBatch()).then(() => {
        writing.delete(work);
        pump();
      });
      writing.add(work);
    }
  }

  return {
    store(delivery) {
      const why = obstacle(delivery);
      if (why !== undefined) return Promise.reject(new HubError('unavailable', why, { retryAfterMs: 1_000 }));
      hold(delivery);
      return new Promise((resolve, reject) => {
        queue.push({ delivery, resolve, reject });
        // After the requests that this turn of the event loop still brings.
        if (!isScheduled && mayBegin()) {
          isScheduled = true;
          // rule-ok: injected-clock no time is waited for: this runs once the turn's input is handled
          setImmediate(pump);
        }
      });
    },
    get waiting() {
      return waiting;
    },
    async close() {
      isClosed = true;
      while (waiting > 0) {
        pump();
        await Promise.all(writing);
      }
    },
  };
}
