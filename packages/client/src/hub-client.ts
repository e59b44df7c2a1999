import { type Client, createClient, createConfig } from './generated/client/index.ts';
import { HubApiError, readProblem } from './hub-api-error.ts';

export interface HubClientOptions {
  /** Base URL of the hub, for example http://127.0.0.1:8080; may end with the path of a reverse proxy. */
  readonly url: string;
  /** API key or JWT. */
  readonly token?: string;
  /** Milliseconds for one request with its answer; default 330 000, a little more than the longest action. */
  readonly timeoutMs?: number;
}

export type HubClient = Client;

/**
 * A client for the functions in `api`: `api.listIntegrations({ client, throwOnError: true })`.
 *
 * Every failure is a HubApiError: a problem document with its status; `unreachable` with status 0 when no (whole) answer came;
 * `unknown` when what answered is no hub. Redirects are not followed: they would turn a POST into a GET.
 * @throws HubApiError `unauthenticated` at once for a token that no header can carry.
 */
export function createHubClient({ url, token, timeoutMs = 330_000 }: HubClientOptions): HubClient {
  const baseUrl = url.replace(/\/+$/, '');
  // Headers would refuse it too, but with the token in the message.
  if (token !== undefined && !/^[\x21-\x7e]+$/.test(token)) throw new HubApiError(401, unusableToken, '');
  const client = createClient(
    createConfig({
      baseUrl,
      redirect: 'manual',
      ...(token === undefined ? {} : { auth: () => token }),
      fetch: async (input: RequestInfo | URL) => {
        const request = new Request(input);
        const signal = AbortSignal.any([request.signal, AbortSignal.timeout(timeoutMs)]);
        try {
          const response = await fetch(request, { signal });
          refuseRedirect(response, baseUrl);
          return response;
        } catch (error) {
          throw asHubApiError(error, `The hub at ${baseUrl} does not answer`, timeoutMs);
        }
      },
    }),
  );
  client.interceptors.response.use((response) => {
    refuseOtherContent(response, baseUrl);
    return response;
  });
  client.interceptors.error.use((error, response) => {
    if (error instanceof HubApiError) return error;
    if (response === undefined) return asHubApiError(error, `The request to ${baseUrl} could not be sent`, timeoutMs);
    if (response.ok) return asHubApiError(error, `The answer of ${baseUrl} broke off`, timeoutMs);
    return new HubApiError(response.status, readProblem(error), noHub(baseUrl, `status ${response.status}`));
  });
  return client;
}

const unusableToken = {
  code: 'unauthenticated',
  detail: 'The token has spaces, line breaks or other characters that no API key or JWT has. Was it copied whole?',
} as const;

function refuseRedirect(response: Response, url: string): void {
  const redirected = response.type === 'opaqueredirect' || (response.status >= 300 && response.status < 400);
  if (!redirected) return;
  const location = response.headers.get('location');
  const target = location === null ? undefined : URL.parse(location, `${url}/`)?.origin;
  const hint = target === undefined || target === URL.parse(url)?.origin ? '' : ` Is ${target} its address?`;
  throw new HubApiError(response.status, {}, `${url} answers with a redirect, which the hub never does.${hint}`);
}

/** A sign-in page or a directory listing with status 200 must not pass for the hub's data. */
function refuseOtherContent(response: Response, url: string): void {
  if (!response.ok || response.status === 204) return;
  const type = response.headers.get('content-type')?.split(';')[0]?.trim() ?? 'no content type';
  if (type === 'application/json') return;
  throw new HubApiError(response.status, {}, noHub(url, type));
}

function noHub(url: string, what: string): string {
  return `${url} answered with ${what} and without a problem document. Is that the address of the hub?`;
}

function asHubApiError(error: unknown, what: string, timeoutMs: number): HubApiError {
  if (error instanceof HubApiError) return error;
  const name = error instanceof Error ? error.name : '';
  if (name === 'TimeoutError') return new HubApiError(0, {}, `${what} within ${timeoutMs} ms.`, error);
  if (name === 'AbortError') return new HubApiError(0, { code: 'cancelled' }, 'The request was cancelled.', error);
  return new HubApiError(0, {}, `${what} (${reason(error)}).`, error);
}

function reason(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (cause instanceof Error && 'code' in cause && typeof cause.code === 'string') return cause.code;
  return cause instanceof Error ? cause.message : 'unknown error';
}
