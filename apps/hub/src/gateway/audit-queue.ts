// The gateway's audit rows on their way to the database: batched, bounded, never dropped. A call takes its place before it starts,
// so that a call that ran always finds room for its record.
import { type Clock, HubError, type TenantId } from '@inthub/contracts';
import type { AuditRecord, UnsealedEntry } from '../audit/audit.ts';
import type { Log } from '../telemetry/telemetry.ts';
import type { GatewayDeps } from './gateway-deps.ts';

/** A record waits no longer than this for its batch; what a `kill -9` can lose. */
const flushEveryMs = 50;
const maxBatch = 500;
/** Tenants whose batches are written at the same time. */
const maxWriters = 4;
/** How long a call waits for a place before it is refused. */
const maxWaitMs = 5_000;
const firstRetryMs = 100;
const longestRetryMs = 5_000;
const complainEveryMs = 60_000;
const triesOnClose = 3;

export interface AuditQueue {
  /**
   * Keeps a place for one record; waits while the queue is full.
   * @throws HubError `unavailable` when the sink fails and its queue is full (fail closed), or when waiting took too long.
   */
  reserve(tenantId: TenantId): void | Promise<void>;
  /** Fills a place that was kept. */
  put(tenantId: TenantId, record: AuditRecord): void;
  /** Writes what is there without waiting for the next tick. */
  close(): Promise<void>;
}

export interface AuditQueueDeps {
  readonly writeAudit: GatewayDeps['writeAudit'];
  readonly prepareAudit?: GatewayDeps['prepareAudit'];
  readonly clock: Clock;
  readonly log: Log;
  readonly maxPerTenant: number;
  readonly max: number;
}

interface TenantQueue {
  readonly tenantId: TenantId;
  readonly records: (AuditRecord | UnsealedEntry)[];
  /** Places kept for calls in flight. */
  reserved: number;
  state: 'idle' | 'dirty' | 'ready' | 'writing' | 'backing-off';
  retryMs: number;
}

export function createAuditQueue({
  writeAudit,
  prepareAudit,
  clock,
  log,
  maxPerTenant,
  max,
}: AuditQueueDeps): AuditQueue {
  const queues = new Map<TenantId, TenantQueue>();
  const dirty = new Set<TenantQueue>();
  const ready: TenantQueue[] = [];
  const stop = new AbortController();
  /** Wakes calls that wait for a place. */
  let roomMade = Promise.withResolvers<void>();
  let taken = 0;
  const writing = new Set<Promise<void>>();
  let ticking = false;
  let complainedAtMs = Number.NEGATIVE_INFINITY;

  function queueOf(tenantId: TenantId): TenantQueue {
    let queue = queues.get(tenantId);
    if (queue === undefined) {
      queue = { tenantId, records: [], reserved: 0, state: 'idle', retryMs: firstRetryMs };
      queues.set(tenantId, queue);
    }
    return queue;
  }

  const isFull = (queue: TenantQueue) => taken >= max || queue.records.length + queue.reserved >= maxPerTenant;

  function take(queue: TenantQueue): void {
    queue.reserved += 1;
    taken += 1;
  }

  function refusal(queue: TenantQueue): HubError {
    if (queue.state === 'idle' && queue.reserved === 0) queues.delete(queue.tenantId);
    return new HubError('unavailable', 'The audit cannot be written at the moment, so no call is made.', {
      retryAfterMs: 1_000,
    });
  }

  async function waitForPlace(tenantId: TenantId): Promise<void> {
    const patience = new AbortController();
    let late = false;
    const timer = clock.sleep(maxWaitMs, patience.signal).then(
      () => {
        late = true;
      },
      () => undefined,
    );
    try {
      for (;;) {
        const queue = queueOf(tenantId);
        if (!isFull(queue)) return take(queue);
        if (late || queue.state === 'backing-off') throw refusal(queue);
        await Promise.race([roomMade.promise, timer]);
      }
    } finally {
      patience.abort(null);
    }
  }

  function tick(): void {
    if (ticking) return;
    ticking = true;
    clock.sleep(flushEveryMs, stop.signal).then(
      () => {
        ticking = false;
        for (const queue of dirty) makeReady(queue);
      },
      () => undefined,
    );
  }

  function makeReady(queue: TenantQueue): void {
    dirty.delete(queue);
    queue.state = 'ready';
    ready.push(queue);
    pump();
  }

  function pump(): void {
    while (writing.size < maxWriters) {
      const queue = ready.shift();
      if (queue === undefined) return;
      queue.state = 'writing';
      const work = write(queue).finally(() => {
        writing.delete(work);
        pump();
      });
      writing.add(work);
    }
  }

  async function write(queue: TenantQueue): Promise<void> {
    const batch = queue.records.slice(0, maxBatch);
    try {
      await writeAudit(queue.tenantId, batch);
    } catch (error) {
      return backOff(queue, error);
    }
    queue.retryMs = firstRetryMs;
    queue.records.splice(0, batch.length);
    taken -= batch.length;
    settle(queue);
    const woken = roomMade;
    roomMade = Promise.withResolvers<void>();
    woken.resolve();
  }

  function settle(queue: TenantQueue): void {
    if (queue.records.length === 0) {
      queue.state = 'idle';
      if (queue.reserved === 0) queues.delete(queue.tenantId);
    } else if (queue.records.length >= maxBatch) {
      makeReady(queue);
    } else {
      markDirty(queue);
    }
  }

  function markDirty(queue: TenantQueue): void {
    if (stop.signal.aborted) {
      makeReady(queue);
      return;
    }
    queue.state = 'dirty';
    dirty.add(queue);
    tick();
  }

  function backOff(queue: TenantQueue, error: unknown): void {
    queue.state = 'backing-off';
    const now = clock.monotonicMs();
    if (now - complainedAtMs >= complainEveryMs) {
      complainedAtMs = now;
      log.error(
        { err: error, tenantId: queue.tenantId, waiting: queue.records.length },
        'audit cannot be written; calls are refused once the queue is full',
      );
    }
    const waitMs = queue.retryMs;
    queue.retryMs = Math.min(waitMs * 2, longestRetryMs);
    clock.sleep(waitMs, stop.signal).then(
      () => makeReady(queue),
      () => undefined,
    );
  }

  return {
    reserve(tenantId) {
      const queue = queueOf(tenantId);
      if (isFull(queue)) {
        if (queue.state === 'backing-off') throw refusal(queue);
        return waitForPlace(tenantId);
      }
      return take(queue);
    },

    put(tenantId, record) {
      const queue = queueOf(tenantId);
      queue.reserved -= 1;
      queue.records.push(prepareAudit === undefined ? record : prepareAudit(tenantId, record));
      if (queue.state === 'idle') markDirty(queue);
      if (queue.state === 'dirty' && queue.records.length >= maxBatch) makeReady(queue);
    },

    async close() {
      stop.abort(null);
      for (let tries = 0; tries < triesOnClose && queues.size > 0; tries += 1) {
        for (const queue of queues.values()) {
          if (queue.state === 'dirty' || queue.state === 'backing-off') makeReady(queue);
        }
        while (writing.size > 0) await Promise.all(writing);
      }
      const lost = [...queues.values()].reduce((sum, { records }) => sum + records.length, 0);
      if (lost > 0) log.error({ records: lost }, 'audit records lost: they could not be written before the end');
    },
  };
}
