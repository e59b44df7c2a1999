import { HubApiError, readProblem } from './hub-api-error.ts';

/** The response, when it is a stream of events. @throws HubApiError with the problem that came instead */
export async function requireStream(response: Response): Promise<Response> {
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
