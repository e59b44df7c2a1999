import type { ExecuteActionData } from './generated/types.gen.ts';
import { HubApiError } from './hub-api-error.ts';
import type { HubClient } from './hub-client.ts';
import { requireStream } from './require-stream.ts';

export interface StreamActionOptions {
  readonly client: HubClient;
  readonly instanceId: string;
  readonly body: ExecuteActionData['body'];
  readonly idempotencyKey?: string;
  readonly signal?: AbortSignal;
}

/**
 * Runs an action and yields its events as they come (`ActionEvent` of the contracts). Leaving the loop ends the call.
 * Never repeats the request: the action may have had its effect.
 * @throws HubApiError as `createHubClient` says; `unreachable` also when the stream breaks off.
 */
export async function* streamAction<Event>(options: StreamActionOptions): AsyncGenerator<Event, void, undefined> {
  const { client, instanceId, body, idempotencyKey } = options;
  const left = new AbortController();
  const send = client.getConfig().fetch ?? fetch;
  let failure: unknown;
  const { stream } = await client.sse.post<Event>({
    url: '/api/v1/connectors/instances/{instanceId}/execute',
    path: { instanceId },
    security: [{ scheme: 'bearer', type: 'http' }],
    body,
    headers: {
      accept: 'text/event-stream',
      'content-type': 'application/json',
      ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
    },
    signal: options.signal === undefined ? left.signal : AbortSignal.any([options.signal, left.signal]),
    sseMaxRetryAttempts: 1,
    onSseError: (error) => {
      failure = error;
    },
    fetch: async (input: RequestInfo | URL) => requireStream(await send(input)),
  });
  try {
    for await (const event of stream) yield event as Event;
  } finally {
    left.abort();
  }
  if (failure instanceof HubApiError) throw failure;
  if (failure !== undefined) throw new HubApiError(0, {}, 'The stream of the action broke off.', failure);
}
