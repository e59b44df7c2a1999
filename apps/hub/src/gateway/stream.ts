// A streaming action through the same stages: admitted, then read event by event, then settled, also when the reader just leaves.
import { type ActionEvent, HubError, isErrorCode } from '@inthub/contracts';
import { actionOutcomeOf } from './answers.ts';
import type { ActionOutcome } from './call.ts';
import type { CallState, Outcome } from './call-state.ts';
import type { Pipeline } from './pipeline.ts';

/** The events of one call, to be read once. The last is always `complete` or `error`. */
export interface ActionStream extends AsyncIterable<ActionEvent> {
  /** How the call ended; null until it is settled, which it is before its last event. */
  readonly outcome: ActionOutcome | null;
}

export function streamCall(pipeline: Pipeline, state: CallState): ActionStream {
  let isSettled = false;
  const events = eventsOf(pipeline, state, () => {
    isSettled = true;
  });
  return {
    [Symbol.asyncIterator]: () => events,
    get outcome() {
      return isSettled ? actionOutcomeOf(state) : null;
    },
  };
}

/**
 * The next event is asked of the connector only when the reader asks: back-pressure reaches the provider. A reader that stops asking
 * does not hold the call beyond its end: at the deadline, and when the caller leaves, it is settled and what it holds is given back.
 */
async function* eventsOf(pipeline: Pipeline, state: CallState, onSettled: () => void): AsyncGenerator<ActionEvent> {
  let settling: Promise<void> | undefined;
  const settle = () => {
    settling ??= Promise.resolve(pipeline.finish(state)).then(onSettled);
    return settling;
  };
  await pipeline.prepare(state);
  let left = true;
  try {
    if (state.outcome === null && state.thrown === null) {
      const events = pipeline.stream(state);
      const { signal } = state;
      signal?.addEventListener('abort', () => {
        if (state.returned === null) state.thrown ??= { error: signal.reason };
        void settle();
      });
      for await (const event of events) {
        if (event.type === 'complete') state.returned = { value: event.summary };
        else if (event.type === 'error') state.thrown = { error: errorOf(event.error) };
        else yield event;
      }
    }
    left = false;
  } catch (error) {
    state.thrown = { error };
    left = false;
  } finally {
    if (left) state.thrown = { error: new HubError('cancelled', 'The reader left before the stream ended.') };
    await settle();
  }
  yield lastEvent(state.outcome);
}

function lastEvent(outcome: Outcome | null): ActionEvent {
  if (outcome?.ok === true) return { type: 'complete', summary: outcome.value };
  const { code, message } = outcome?.error ?? new HubError('internal');
  return { type: 'error', error: { code, message } };
}

/** What a connector reports as an event instead of throwing. */
function errorOf({ code, message }: { code: string; message: string }): HubError {
  return isErrorCode(code) ? new HubError(code, message) : new HubError('connector_failed', message);
}
