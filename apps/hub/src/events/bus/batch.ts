import type { Clock, IntegrationEvent } from '@inthub/contracts';
import type { BatchHandler } from '../bus.ts';
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

/**
 * Hands a batch over; one that fails is cut in half, in order, until the events to blame stand alone. While the handler can do nothing at
 * all (`pauseOn`) it waits.
 * @returns what became of each event, by id; events are missing when it was stopped before their turn
 */
export async function handBatch(options: HandBatchOptions): Promise<ReadonlyMap<string, DeliveryOutcome>> {
  const { handler, pauseOn, stopping, killed, clock } = options;
  const outcomes = new Map<string, DeliveryOutcome>();

  async function hand(events: readonly IntegrationEvent[]): Promise<void> {
    const [only] = events;
    if (only === undefined) return;
    for (let pauseMs = firstPauseMs; !stopping.aborted; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
      try {
        await callWithin(options, (signal) => handler(events.map(firstAttempt), { signal }));
        for (const { id } of events) outcomes.set(id, { result: 'done' });
        return;
      } catch (error) {
        if (killed.aborted) return;
        if (pauseOn(error)) {
          await clock.sleep(pauseMs, stopping).catch(() => undefined);
          continue;
        }
        if (events.length === 1) {
          outcomes.set(only.id, { result: 'failed', error });
          return;
        }
        const middle = Math.ceil(events.length / 2);
        await hand(events.slice(0, middle));
        await hand(events.slice(middle));
        return;
      }
    }
  }

  await hand(options.events);
  return outcomes;
}

function firstAttempt(event: IntegrationEvent): IntegrationEvent {
  return { ...event, metadata: { ...event.metadata, deliveryAttempt: 1 } };
}
