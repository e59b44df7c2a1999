import type { BatchHandler } from '../bus.ts';
import { handBatch, handOne } from './batch.ts';
import { forgetUncleanStops } from './consumer-repository.ts';
import type { ConsumerSettings, ServeDeps } from './consumer-settings.ts';
import { createDeliveryWindow, sourceKey } from './delivery-window.ts';
import { createLedger, type Handled, LeaseLost } from './ledger.ts';
import { comparePositions, type LogPosition } from './log-repository.ts';
import { createNudge, type Nudge } from './nudge.ts';
import { selectHeldSources } from './redelivery-repository.ts';
import { createRetries } from './retries.ts';
import type { EventSource, SourceEntry } from './source.ts';
import { createWatermark } from './watermark.ts';

export interface ServeOptions {
  readonly settings: ConsumerSettings;
  readonly lease: { readonly id: string; readonly ms: number } | null;
  /** What to read, and what of it was done before; null: retries only. */
  readonly stream: { readonly source: EventSource; readonly after: LogPosition } | null;
  /** Whether to serve the events that wait for a retry. */
  readonly retries: boolean;
  /**
   * Processes end without a word: events up to this place are not handled from the stream but from the table of those that wait, where the
   * start of each attempt is written down first. Null: as usual.
   */
  readonly carefulUntil: LogPosition | null;
  /** Nudged when a retry may have come due before its time. */
  readonly due: Nudge;
  readonly stopping: AbortSignal;
  /** Is given what goes on a while after the end; it ends soon after `stopping`. */
  readonly afterwards: (work: Promise<void>) => void;
}

/** Read ahead of what is done. */
const maxWindow = 1_000;
const readAtOnce = 200;
/** A process that ended had no more than a window beyond what it had written down, or little more. */
const mostCareful = 2 * maxWindow;
const positionEveryMs = 100;
const patienceMs = 10_000;
const errorPauseMs = 200;

/** Serves a consumer until `stopping`, or until another process has taken it over. */
export async function serve(deps: ServeDeps, options: ServeOptions): Promise<void> {
  const { database, clock, log } = deps;
  const { settings, lease, stream, due } = options;
  const { consumer, handler } = settings;
  const killed = new AbortController();
  const ended = new AbortController();
  const end = () => ended.abort(null);
  options.stopping.addEventListener('abort', end, { once: true });
  if (options.stopping.aborted) end();

  const changed = createNudge(clock);
  const urgent = createNudge(clock);
  const room = createNudge(clock);
  let isUrgent = false;
  const ledger = createLedger({
    ...deps,
    consumer,
    ordered: settings.ordered,
    maxRetries: settings.maxRetries,
    retryDelaysMs: settings.retryDelaysMs,
    lease,
    onChange(now) {
      isUrgent ||= now;
      changed.nudge();
      if (now) urgent.nudge();
    },
  });
  /** Batches whose handler has resolved and still waits for something, and how many events they are. */
  const followed = new Set<Promise<void>>();
  let handedOver = 0;
  let careful = options.carefulUntil === null ? null : { until: options.carefulUntil, left: mostCareful };
  const watermark = createWatermark((position) => ledger.advance(position));
  const window = createDeliveryWindow({
    ...settings,
    handler: 'each' in handler ? handler.each : handOne(handler.batch),
    isHeld: (key) => ledger.held.has(key),
    stopping: ended.signal,
    killed: killed.signal,
    clock,
  });

  const retries = createRetries(deps, {
    settings,
    ledger,
    deliver: (handled, onWritten, onRun) => deliver(handled, () => undefined, onWritten, onRun),
    due,
    ended: ended.signal,
  });

  function deliver(
    handled: Handled,
    onSettled: () => void,
    onWritten?: () => void,
    onRun?: (end: Promise<void>) => void,
  ): void {
    window.add({
      event: handled.event,
      position: handled.position,
      attempts: handled.attempts,
      isRetry: handled.row !== null,
      settle(outcome) {
        ledger.settle(handled, outcome, onWritten);
        onSettled();
        room.nudge();
      },
      ...(onRun === undefined ? {} : { onRun }),
    });
  }

  async function readStream({ source, after }: NonNullable<ServeOptions['stream']>): Promise<void> {
    const max = 'each' in handler ? readAtOnce : handler.maxBatch;
    // Batches that are waited for end together: better to wait for the room that they leave than to fill it one by one.
    const least = 'each' in handler ? 1 : Math.min(max, maxWindow / 4);
    while (!ended.signal.aborted) {
      const free = maxWindow - Math.max(window.size, watermark.size, ledger.size, handedOver);
      if (free < least) {
        await room.wait(errorPauseMs, ended.signal);
        continue;
      }
      const entries = await source.read(Math.min(free, max), ended.signal);
      const isNew = ({ position, event }: Pick<SourceEntry, 'position' | 'event'>) =>
        comparePositions(position, after) > 0 && (event === null || !retries.hasBuried(event.id));
      const usual: SourceEntry[] = [];
      for (const entry of entries) {
        if (settings.countStarts && isNew(entry) && (entry.isRepeated === true || isCarefulAt(entry))) queue(entry);
        else usual.push(entry);
      }
      if (careful !== null && usual.length > 0) await endCare();
      if ('each' in handler) for (const entry of usual) take(entry, isNew(entry));
      else await takeAll(usual, handler.batch, isNew);
    }
  }

  function isCarefulAt({ position }: SourceEntry): boolean {
    if (careful === null || careful.left === 0 || comparePositions(position, careful.until) > 0) return false;
    careful.left -= 1;
    return true;
  }

  async function endCare(): Promise<void> {
    careful = null;
    if (lease === null) return;
    await database.system('inthub_relay', (tx) => forgetUncleanStops(tx, { name: consumer, leaseId: lease.id }));
  }

  function queue({ event, position, acknowledge }: SourceEntry): void {
    if (event !== null) ledger.settle({ event, position, attempts: 0, row: null }, { result: 'queued' }, acknowledge);
    else acknowledge?.();
    if (acknowledge === undefined) watermark.add(position)();
  }

  function take({ event, position, acknowledge }: SourceEntry, isNew: boolean): void {
    const done = acknowledge === undefined ? watermark.add(position) : () => undefined;
    if (event !== null && isNew) deliver({ event, position, attempts: 0, row: null }, done, acknowledge);
    else {
      acknowledge?.();
      done();
    }
  }

  async function takeAll(
    entries: readonly SourceEntry[],
    handle: BatchHandler,
    isNew: (entry: Pick<SourceEntry, 'position' | 'event'>) => boolean,
  ): Promise<void> {
    const batch = await handBatch({
      events: entries.flatMap((entry) => (entry.event !== null && isNew(entry) ? [entry.event] : [])),
      handler: handle,
      timeoutMs: settings.timeoutMs,
      pauseOn: settings.pauseOn,
      clock,
      stopping: ended.signal,
      killed: killed.signal,
    });
    const done = entries.map(({ position, acknowledge }) =>
      acknowledge === undefined ? watermark.add(position) : () => undefined,
    );
    handedOver += entries.length;
    const following = batch.ended.then((outcomes) => {
      followed.delete(following);
      handedOver -= entries.length;
      for (const [index, { event, position, acknowledge }] of entries.entries()) {
        const outcome = event === null ? undefined : outcomes.get(event.id);
        // Stopped half-way: the rest comes again.
        if (event !== null && outcome === undefined && isNew({ position, event })) return;
        if (event !== null && outcome !== undefined) {
          ledger.settle({ event, position, attempts: 0, row: null }, outcome, acknowledge);
        } else acknowledge?.();
        done[index]?.();
      }
      room.nudge();
    });
    followed.add(following);
  }

  async function write(): Promise<void> {
    while (!ended.signal.aborted) {
      await changed.wait((lease?.ms ?? 60_000) / 3, ended.signal);
      if (!isUrgent && !ended.signal.aborted) await urgent.wait(positionEveryMs, ended.signal);
      await flush();
    }
  }

  async function flush(): Promise<void> {
    const wasUrgent = isUrgent;
    isUrgent = false;
    try {
      await ledger.flush();
      if (wasUrgent) due.nudge();
    } catch (error) {
      isUrgent ||= wasUrgent;
      throw error;
    } finally {
      room.nudge();
    }
  }

  /** A part that fails is tried again, unless the consumer is another's by now. */
  async function keepTrying(part: () => Promise<void>): Promise<void> {
    while (!ended.signal.aborted) {
      try {
        await part();
      } catch (error) {
        if (error instanceof LeaseLost) {
          log.debug({ consumer }, 'another process serves the consumer');
          killed.abort(error);
          end();
          return;
        }
        if (ended.signal.aborted) return;
        log.warn({ err: error, consumer }, 'the consumer cannot go on for the moment');
        await clock.sleep(errorPauseMs, ended.signal).catch(() => undefined);
      }
    }
  }

  const writing = keepTrying(write);
  if (options.retries && lease !== null) {
    await keepTrying(async () => {
      for (const source of await database.system('inthub_relay', (tx) => selectHeldSources(tx, consumer))) {
        ledger.held.add(sourceKey(source));
      }
      await Promise.all([keepTrying(retries.run), stream === null ? undefined : keepTrying(() => readStream(stream))]);
    });
  } else if (stream !== null) await keepTrying(() => readStream(stream));
  await writing;
  options.stopping.removeEventListener('abort', end);

  const patience = new AbortController();
  const tooLong = clock.sleep(patienceMs, patience.signal).then(
    () => killed.abort(null),
    () => undefined,
  );
  await Promise.all([window.idle(), ...followed]);
  patience.abort();
  await tooLong;
  if (killed.signal.reason instanceof LeaseLost) options.afterwards(retries.takeBack(options.stopping));
  else {
    await flush()
      .then(retries.giveBack)
      .catch((error) => log.debug({ err: error, consumer }, 'the last outcomes were not written; they come again'));
  }
}
