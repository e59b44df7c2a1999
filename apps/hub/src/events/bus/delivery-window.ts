import { type Clock, HubError, type IntegrationEvent } from '@inthub/contracts';
import type { HandlerContext } from '../bus.ts';
import type { LogPosition } from './log-repository.ts';

/** A handler that may look at the event's place in the log. */
export type PositionedHandler = (
  event: IntegrationEvent,
  context: HandlerContext & { readonly position: LogPosition },
) => Promise<void>;

/** An event on its way to the handler. */
export interface Delivery {
  readonly event: IntegrationEvent;
  readonly position: LogPosition;
  /** Attempts made before this one. */
  readonly attempts: number;
  /** Comes back from waiting: passes although its source is held up. */
  readonly isRetry: boolean;
  /** Called once. */
  settle(outcome: DeliveryOutcome): void;
  /** Called when the handler begins; `end` resolves when it has really come to its end, however long after its time that is. */
  onRun?(end: Promise<void>): void;
}

export type DeliveryOutcome =
  | { readonly result: 'done' }
  | { readonly result: 'failed'; readonly error: unknown }
  /** Not tried: an earlier event of its source waits. */
  | { readonly result: 'parked' }
  /** Not tried: to be taken from the table of those that wait, where every start is counted. */
  | { readonly result: 'queued' }
  /** Not tried any more. */
  | { readonly result: 'dead'; readonly error: HubError };

export interface WindowOptions {
  readonly handler: PositionedHandler;
  readonly ordered: boolean;
  readonly concurrency: number;
  readonly timeoutMs: number;
  readonly pauseOn: (error: unknown) => boolean;
  /** Whether events of this source (see {@link sourceKey}) have to wait behind one that failed. */
  readonly isHeld: (key: string) => boolean;
  /** Nothing is started any more; what is under way goes on. */
  readonly stopping: AbortSignal;
  /** Aborts what is under way; its outcome does not count. */
  readonly killed: AbortSignal;
  readonly clock: Clock;
}

export interface DeliveryWindow {
  add(delivery: Delivery): void;
  /** Waiting and under way. */
  readonly size: number;
  /** Resolves when nothing is under way any more. */
  idle(): Promise<void>;
}

const firstPauseMs = 100;
const longestPauseMs = 5_000;

/** What ordered consumers keep in order. */
export function sourceKey(event: { tenantId: string; source: string }): string {
  return `${event.tenantId}/${event.source}`;
}

/**
 * Hands events to the handler, `concurrency` at once. Ordered: one at a time for each source, the others of that source wait behind it.
 * Its caller bounds how many are added.
 */
export function createDeliveryWindow(options: WindowOptions): DeliveryWindow {
  const { handler, ordered, concurrency, isHeld, stopping, killed, clock } = options;
  const ready: Delivery[] = [];
  /** Sources that are ready or under way, and what waits behind. */
  const chains = new Map<string, Delivery[]>();
  let running = 0;
  let size = 0;
  let pauseMs = 0;
  let isPaused = false;
  let onIdle: (() => void)[] = [];

  function settle(delivery: Delivery, outcome: DeliveryOutcome): void {
    size--;
    delivery.settle(outcome);
  }

  function start(): void {
    while (running < concurrency && !isPaused && !stopping.aborted && !killed.aborted) {
      const delivery = ready.shift();
      if (delivery === undefined) break;
      running++;
      void attempt(delivery);
    }
    if (running === 0) {
      const waiting = onIdle;
      onIdle = [];
      for (const resolve of waiting) resolve();
    }
  }

  async function attempt(delivery: Delivery): Promise<void> {
    let outcome: DeliveryOutcome;
    try {
      await callHandler(delivery);
      outcome = { result: 'done' };
      pauseMs = 0;
    } catch (error) {
      running--;
      if (killed.aborted) return start();
      if (options.pauseOn(error)) return pause(delivery);
      running++;
      outcome = { result: 'failed', error };
    }
    running--;
    settle(delivery, outcome);
    if (ordered) next(sourceKey(delivery.event));
    start();
  }

  function callHandler({ event, position, attempts, onRun }: Delivery): Promise<void> {
    const delivered = { ...event, metadata: { ...event.metadata, deliveryAttempt: attempts + 1 } };
    return callWithin(options, (signal) => {
      const run = Promise.try(handler, delivered, { signal, position });
      onRun?.(
        run.then(
          () => undefined,
          () => undefined,
        ),
      );
      return run;
    });
  }

  /** The next of the source comes up; while the source is held, those that wait behind are parked. */
  function next(key: string): void {
    const chain = chains.get(key);
    for (let delivery = chain?.shift(); delivery !== undefined; delivery = chain?.shift()) {
      if (delivery.isRetry || !isHeld(key)) {
        ready.push(delivery);
        return;
      }
      settle(delivery, { result: 'parked' });
    }
    chains.delete(key);
  }

  function pause(delivery: Delivery): void {
    ready.unshift(delivery);
    if (isPaused) return;
    isPaused = true;
    pauseMs = Math.min(Math.max(firstPauseMs, pauseMs * 2), longestPauseMs);
    clock.sleep(pauseMs, stopping).then(
      () => {
        isPaused = false;
        start();
      },
      () => start(),
    );
  }

  return {
    get size() {
      return size;
    },
    add(delivery) {
      size++;
      if (!ordered) ready.push(delivery);
      else {
        const key = sourceKey(delivery.event);
        const chain = chains.get(key);
        if (chain !== undefined) chain.push(delivery);
        else if (!delivery.isRetry && isHeld(key)) settle(delivery, { result: 'parked' });
        else {
          chains.set(key, []);
          ready.push(delivery);
        }
      }
      start();
    },
    idle: () => (running === 0 ? Promise.resolve() : new Promise((resolve) => void onIdle.push(resolve))),
  };
}

/**
 * A call that ends in time, or when it is killed, whatever the callee does.
 * @throws HubError `deadline_exceeded`, the reason of `killed`, or the callee's error
 */
export async function callWithin(
  { timeoutMs, killed, clock }: Pick<WindowOptions, 'timeoutMs' | 'killed' | 'clock'>,
  call: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const over = new AbortController();
  const timer = new AbortController();
  const dead = Promise.withResolvers<never>();
  const onKilled = () => {
    over.abort(killed.reason);
    dead.reject(killed.reason);
  };
  killed.addEventListener('abort', onKilled, { once: true });
  const tooLong = clock.sleep(timeoutMs, timer.signal).then(() => {
    const error = new HubError('deadline_exceeded', `The handler did not end within ${timeoutMs} ms.`);
    over.abort(error);
    throw error;
  });
  tooLong.catch(() => undefined);
  try {
    await Promise.race([call(over.signal), tooLong, dead.promise]);
  } finally {
    timer.abort(null);
    killed.removeEventListener('abort', onKilled);
  }
}
