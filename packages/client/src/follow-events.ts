import type { StreamEventsData } from './generated/types.gen.ts';
import { HubApiError } from './hub-api-error.ts';
import type { HubClient } from './hub-client.ts';
import { requireStream } from './require-stream.ts';

export interface FollowEventsOptions {
  readonly client: HubClient;
  readonly query?: NonNullable<StreamEventsData['query']>;
  readonly signal?: AbortSignal;
  /** Waits before it connects again. Default: 2 s. */
  readonly pause?: () => Promise<void>;
}

/**
 * Yields events as they happen, until the loop is left or `signal` is aborted. A stream that breaks off, or that the hub ends because
 * it stops or because its reader was too slow, is taken up again behind the last event, so that nothing is missed.
 * @throws HubApiError when the hub refuses, or when too much has happened meanwhile to catch up with.
 */
export async function* followEvents<Event>(options: FollowEventsOptions): AsyncGenerator<Event, void, undefined> {
  const { client, query = {} } = options;
  // rule-ok: injected-clock the pause is an argument; this is its default, outside the hub
  const pause = options.pause ?? (() => new Promise((resolve) => setTimeout(resolve, 2_000)));
  const send = client.getConfig().fetch ?? fetch;
  let { lastEventId } = query;
  const isAborted = () => options.signal?.aborted === true;
  while (!isAborted()) {
    const left = new AbortController();
    let failure: unknown;
    let reason: string | undefined;
    let id: string | undefined;
    const { stream } = await client.sse.get<Event>({
      url: '/api/v1/events/stream',
      security: [{ scheme: 'bearer', type: 'http' }],
      query: { ...query, ...(lastEventId === undefined ? {} : { lastEventId }) },
      headers: { accept: 'text/event-stream' },
      signal: options.signal === undefined ? left.signal : AbortSignal.any([options.signal, left.signal]),
      sseMaxRetryAttempts: 1,
      onSseError: (error) => {
        failure = error;
      },
      onSseEvent: (event) => {
        id = event.id;
        if (event.event === 'cut_off') reason = (event.data as { reason?: string }).reason ?? 'unknown';
      },
      fetch: async (input: RequestInfo | URL) => requireStream(await send(input)),
    });
    try {
      for await (const event of stream) {
        if (reason !== undefined) break;
        if (event === undefined || event === null || id === undefined) continue;
        lastEventId = id;
        yield event as Event;
      }
    } finally {
      left.abort();
    }
    if (isAborted()) return;
    // A refusal; what has no status is the network, which comes back.
    if (failure instanceof HubApiError && failure.status !== 0) throw failure;
    if (reason === 'too_far_behind') {
      throw new HubApiError(
        0,
        {},
        'More has happened meanwhile than the stream catches up with. Read the list of events.',
      );
    }
    await pause();
  }
}
