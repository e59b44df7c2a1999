import { HubError } from '@inthub/contracts';
import { LRUCache } from 'lru-cache';
import type { ConsumerSettings, ServeDeps } from './consumer-settings.ts';
import { type Handled, type Ledger, retryPauseMs } from './ledger.ts';
import type { Nudge } from './nudge.ts';
import { type DueRedelivery, type EventKey, markStarted, selectDue, unmarkStarted } from './redelivery-repository.ts';

export interface RetriesOptions {
  readonly settings: ConsumerSettings;
  readonly ledger: Pick<Ledger, 'settle'>;
  /** Hands an event to the window; `onWritten` is called when its outcome is durable, `onRun` as in `Delivery`. */
  readonly deliver: (handled: Handled, onWritten: () => void, onRun: (end: Promise<void>) => void) => void;
  /** Nudged when something may have come due before its time. */
  readonly due: Nudge;
  readonly ended: AbortSignal;
}

/** Serves the events that wait, and counts every attempt before it is made. */
export interface Retries {
  /** Whether this event was made a dead letter a moment ago: the stream may bring it once more, because nobody lived to acknowledge it. */
  hasBuried(eventId: string): boolean;
  /** Until `ended`. */
  run(): Promise<void>;
  /** What was begun and has no outcome was given up in good order: its start does not count. To be called after the last flush. */
  giveBack(): Promise<void>;
  /**
   * The lease was lost because this process was too slow: it takes back the starts of what it has lived through, also of what ends within the
   * consumer's time from now on. What does not end counts: the process may be about to end with it. Never throws.
   */
  takeBack(stopping: AbortSignal): Promise<void>;
}

const atOnce = 100;
const mostRemembered = 1_000;

/**
 * An event whose handling ends the process (out of memory, a crash in native code) leaves no outcome, and would end every process after it.
 * So the start of each attempt is written down first. One that was started and never came to an end is a suspect: suspects are tried one at
 * a time in the whole process, so that the next death names the one to blame, and after `maxRetries` deaths (at least one) it is a dead letter.
 * A lease that ran out is no death: while the process that began the last attempt lives, the event is not buried but tried again later.
 */
export function createRetries(deps: ServeDeps, options: RetriesOptions): Retries {
  const { database, clock, log } = deps;
  const { settings, ledger, due, ended } = options;
  const { consumer, maxRetries, countStarts } = settings;
  const underWay = new Set<string>();
  const started = new Map<string, EventKey>();
  /** By event: when the handler has really ended. */
  const runs = new Map<string, Promise<void>>();
  const buried = new LRUCache<string, true>({ max: mostRemembered });
  let isTryingSuspect = false;
  let marking: Promise<void> = Promise.resolve();

  const endRun = (id: string) => {
    underWay.delete(id);
    started.delete(id);
    runs.delete(id);
  };

  const deliver = (row: DueRedelivery, onWritten: () => void) =>
    options.deliver({ ...row, row }, onWritten, (end) => void runs.set(row.event.id, end));

  async function mark(rows: readonly DueRedelivery[]): Promise<void> {
    if (!countStarts || rows.length === 0) return;
    const nowMs = clock.now().getTime();
    const marks = rows.map(({ event, attempts }) => ({
      tenantId: event.tenantId,
      eventId: event.id,
      nextAt: new Date(nowMs + retryPauseMs(attempts + 1, settings.retryDelaysMs, deps.random)),
    }));
    await database.system('inthub_relay', (tx) => markStarted(tx, { consumer, presence: deps.presence }, marks));
    for (const { tenantId, eventId } of marks) started.set(eventId, { tenantId, eventId });
  }

  function bury(row: DueRedelivery): void {
    const { id, type, tenantId } = row.event;
    log.warn(
      { consumer, event: id, type, tenantId, starts: row.starts },
      'an event that ends the process is set aside',
    );
    const times = row.starts === 1 ? 'once' : `${row.starts} times`;
    const error = new HubError(
      'internal',
      `The process ended while this event was handled, ${times} in a row: it ran out of memory, crashed or was killed. The event is set aside so that the others go on.`,
    );
    underWay.add(id);
    buried.set(id, true);
    ledger.settle({ ...row, row }, { result: 'dead', error }, () => endRun(id));
  }

  /** Alone, and with its start written down last of all. */
  async function trySuspect(row: DueRedelivery): Promise<void> {
    const { id } = row.event;
    isTryingSuspect = true;
    underWay.add(id);
    try {
      await deps.turn(async () => {
        if (ended.aborted) return;
        marking = mark([row]);
        await marking;
        const over = Promise.withResolvers<void>();
        ended.addEventListener('abort', () => over.resolve(), { once: true });
        deliver(row, () => {
          endRun(id);
          over.resolve();
        });
        await over.promise;
      });
    } catch (error) {
      endRun(id);
      log.warn({ err: error, consumer }, 'the start of an attempt could not be written down');
    } finally {
      isTryingSuspect = false;
      due.nudge();
    }
  }

  async function takeDue(): Promise<boolean> {
    const limit = atOnce - underWay.size;
    if (limit <= 0) return false;
    const rows = await database.system('inthub_relay', (tx) =>
      selectDue(tx, { consumer, now: clock.now(), limit, underWay: [...underWay], presence: deps.presence }),
    );
    const spent = rows.filter(isSpent);
    const dead = spent.filter(({ starterLives }) => !starterLives);
    const alive = rows.filter((row) => !isSpent(row) || isOverdue(row));
    for (const row of dead) bury(row);
    const fresh = alive.filter(({ starts }) => starts === 0);
    await mark(fresh);
    for (const row of fresh) {
      underWay.add(row.event.id);
      deliver(row, () => endRun(row.event.id));
    }
    const suspect = alive.find(({ starts }) => starts > 0);
    const isNext = suspect !== undefined && !isTryingSuspect;
    if (isNext) void trySuspect(suspect);
    return dead.length + fresh.length > 0 || isNext;
  }

  const isSpent = ({ starts, attempts }: DueRedelivery) => starts > 0 && attempts >= Math.max(1, maxRetries);

  /** Whoever began the last attempt lives and has had the time to say so twice over. */
  const isOverdue = ({ starterLives, dueAt }: DueRedelivery) =>
    starterLives && clock.now().getTime() - dueAt.getTime() >= 2 * settings.timeoutMs;

  async function hasEnded(id: string, limit: Promise<unknown>): Promise<boolean> {
    const run = runs.get(id);
    // Never begun.
    if (run === undefined) return true;
    return Promise.race([run.then(() => true), limit.then(() => false)]);
  }

  return {
    hasBuried: (eventId) => buried.has(eventId),
    async run() {
      while (!ended.aborted) if (!(await takeDue())) await due.wait(deps.timing.retryPollMs, ended);
    },
    async giveBack() {
      // One that is being written down at this moment will not begin any more.
      await marking.catch(() => undefined);
      if (started.size === 0) return;
      await database.system('inthub_relay', (tx) => unmarkStarted(tx, consumer, [...started.values()], clock.now()));
    },
    async takeBack(stopping) {
      await marking.catch(() => undefined);
      const timer = new AbortController();
      const limit = clock.sleep(settings.timeoutMs, AbortSignal.any([timer.signal, stopping])).catch(() => undefined);
      await Promise.all(
        [...started.values()].map(async (key) => {
          if (!(await hasEnded(key.eventId, limit))) return;
          await database
            .system('inthub_relay', (tx) => unmarkStarted(tx, consumer, [key], null))
            .catch((error) => log.warn({ err: error, consumer }, 'the start of an attempt could not be taken back'));
        }),
      );
      timer.abort();
    },
  };
}
