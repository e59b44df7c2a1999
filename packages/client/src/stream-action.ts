import type { ExecuteActionData } from './generated/types.gen.ts';
import { HubApiError, readProblem } from './hub-api-error.ts';
import type { HubClient } from './hub-client.ts';

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

async function requireStream(response: Response): Promise<Response> {
  const type = response.headers.get('content-type') ?? '';
  if (response.ok && type.startsWith('text/event-stream')) return response;
  const text = await response.text();
  let problem = {};
  if (type.includes('json')) {
    try {
      problem = readProblem(JSON.parse(text));
    } catch {
      // Not JSON although it says so: the status below is all that is known.
    }
  }
  throw new HubApiError(response.status, problem, `Status ${response.status} came instead of a stream of events.`);
}
