import type { Clock, IntegrationEvent } from '@inthub/contracts';
import type { BatchHandler, HandlerContext } from '../bus.ts';
import { callWithin, type DeliveryOutcome } from './delivery-window.ts';

export interface HandBatchOptions {
  readonly events: readonly IntegrationEvent[];
  readonly handler: BatchHandler;
  readonly timeoutMs: number;
  readonly pauseOn: (error: unknown) => boolean;
  readonly stopping: AbortSignal;
  readonly killed: AbortSignal;
  readonly clock: Clock;
}

const firstPauseMs = 100;
const longestPauseMs = 5_000;

export interface HandedBatch {
  /** What became of each event, by id; events are missing when it was stopped before their turn. Never rejects. */
  readonly ended: Promise<ReadonlyMap<string, DeliveryOutcome>>;
}

/**
 * Hands a batch over; one that fails is cut in half, in order, until the events to blame stand alone. While the handler can do nothing at
 * all (`pauseOn`) it waits.
 * @returns when the handler has resolved for all of it, so that the next batch may follow; what it still waits for (`waitUntil`) goes on
 */
export async function handBatch(options: HandBatchOptions): Promise<HandedBatch> {
  const { handler, pauseOn, stopping, killed, clock } = options;
  const outcomes = new Map<string, DeliveryOutcome>();
  const waiting = new Set<Promise<void>>();

  async function hand(events: readonly IntegrationEvent[], firstMs = firstPauseMs): Promise<void> {
    if (events.length === 0) return;
    for (let pauseMs = firstMs; !stopping.aborted; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
      const works: Promise<unknown>[] = [];
      const waitUntil = (work: Promise<unknown>) => {
        // Whoever fails before looking at it has an error of its own.
        work.catch(() => undefined);
        works.push(work);
      };
      try {
        await callWithin(options, (signal) => handler(events.map(firstAttempt), { signal, waitUntil }));
        if (works.length === 0) end(events);
        else follow(events, works, pauseMs);
        return;
      } catch (error) {
        if (killed.aborted) return;
        if (pauseOn(error)) await clock.sleep(pauseMs, stopping).catch(() => undefined);
        else return blame(events, error);
      }
    }
  }

  function end(events: readonly IntegrationEvent[]): void {
    for (const { id } of events) outcomes.set(id, { result: 'done' });
  }

  async function blame(events: readonly IntegrationEvent[], error: unknown): Promise<void> {
    const [only] = events;
    if (events.length === 1 && only !== undefined) {
      outcomes.set(only.id, { result: 'failed', error });
      return;
    }
    const middle = Math.ceil(events.length / 2);
    await hand(events.slice(0, middle));
    await hand(events.slice(middle));
  }

  function follow(events: readonly IntegrationEvent[], works: readonly Promise<unknown>[], pauseMs: number): void {
    const work = untilAborted(Promise.all(works), killed)
      .then(() => end(events))
      .catch(async (error: unknown) => {
        if (killed.aborted) return;
        if (!pauseOn(error)) return blame(events, error);
        await clock.sleep(pauseMs, stopping).catch(() => undefined);
        await hand(events, Math.min(pauseMs * 2, longestPauseMs));
      })
      .finally(() => waiting.delete(work));
    waiting.add(work);
  }

  async function followAll(): Promise<ReadonlyMap<string, DeliveryOutcome>> {
    while (waiting.size > 0) await Promise.all(waiting);
    return outcomes;
  }

  await hand(options.events);
  return { ended: followAll() };
}

/** An event that stands alone, as a retry does: handled when all that it waits for is done. */
export function handOne(handler: BatchHandler): (event: IntegrationEvent, context: HandlerContext) => Promise<void> {
  return async (event, { signal }) => {
    const works: Promise<unknown>[] = [];
    await handler([event], { signal, waitUntil: (work) => void works.push(work) });
    await Promise.all(works);
  };
}

async function untilAborted<Value>(work: Promise<Value>, signal: AbortSignal): Promise<Value> {
  const aborted = Promise.withResolvers<never>();
  const onAbort = () => aborted.reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

function firstAttempt(event: IntegrationEvent): IntegrationEvent {
  return { ...event, metadata: { ...event.metadata, deliveryAttempt: 1 } };
}
