/**
 * An HTTP server on 127.0.0.1 that answers exactly what the test scripted, faults included, and records what it was asked. Strict: a
 * request that nothing was scripted for gets 599 and is kept in `unexpected`; `verify()` also tells scripted answers never asked for.
 */
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { FaultResponse, RecordedRequest } from './fault-responses.ts';
import { listenOnLoopback } from './loopback-server.ts';

export interface StartFaultServerOptions {
  /** Serve https with this certificate; with `clientCaPem` only to clients that present one of that authority. */
  tls?: { certPem: string; keyPem: string; clientCaPem?: string };
}

export interface FaultServer {
  /** `http(s)://127.0.0.1:port`, no slash at the end. */
  url: string;
  port: number;
  /** Every request so far, expected or not, in order of arrival of its end. */
  requests: RecordedRequest[];
  /** Requests that nothing was scripted for. */
  unexpected: RecordedRequest[];
  /** TCP connections accepted so far. */
  readonly connections: number;
  /** TCP connections that are open now. */
  readonly openConnections: number;
  /**
   * Appends answers, each used once, to the queue of a route.
   * @param method `*` for any.
   * @param path Compared with the path; with path and query when it contains `?`.
   */
  on(method: string, path: string | RegExp, ...responses: FaultResponse[]): void;
  /** The answer of a route whenever its queue is empty. */
  always(method: string, path: string | RegExp, response: FaultResponse): void;
  /** Throws when a request came unexpected or a queued answer was not asked for. */
  verify(): void;
  /** Forgets routes and records; connections stay. */
  reset(): void;
  /** Another certificate for connections from now on. Only where `tls` was given. */
  present(certificate: { certPem: string; keyPem: string }): void;
  stop(): Promise<void>;
}

interface Route {
  method: string;
  path: string | RegExp;
  queue: FaultResponse[];
  fallback: FaultResponse | undefined;
}

const maxBodyBytes = 16 * 1024 * 1024;

export async function startFaultServer(options: StartFaultServerOptions = {}): Promise<FaultServer> {
  const { tls } = options;
  const routes: Route[] = [];
  const requests: RecordedRequest[] = [];
  const unexpected: RecordedRequest[] = [];
  const stopped = new AbortController();
  let connections = 0;
  let openConnections = 0;

  function routeOf(method: string, path: string | RegExp): Route {
    const known = routes.find((route) => route.method === method && String(route.path) === String(path));
    if (known) return known;
    const route: Route = { method, path, queue: [], fallback: undefined };
    routes.push(route);
    return route;
  }

  function takeResponse(request: RecordedRequest): FaultResponse | undefined {
    const matching = routes.filter((route) => matches(route, request));
    return (
      matching.find(({ queue }) => queue.length > 0)?.queue.shift() ??
      matching.find(({ fallback }) => fallback !== undefined)?.fallback
    );
  }

  async function answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const closed = new AbortController();
    response.once('close', () => closed.abort());
    const request = await record(incoming);
    requests.push(request);
    const respondWith = takeResponse(request);
    if (!respondWith) {
      unexpected.push(request);
      response
        .writeHead(599, { 'content-type': 'text/plain' })
        .end(`The test scripted no answer for ${request.method} ${request.url}`);
      return;
    }
    await respondWith({ request, response, signal: AbortSignal.any([closed.signal, stopped.signal]) });
  }

  const listener = (incoming: IncomingMessage, response: ServerResponse): void => {
    answer(incoming, response).catch((error: unknown) => {
      // The client went away or the server stops: nobody is left to answer. Anything else is a fault of the test's own response.
      if (incoming.destroyed || stopped.signal.aborted || (error as Error).name === 'AbortError') response.destroy();
      else if (response.headersSent) response.destroy(error as Error);
      else response.writeHead(599, { 'content-type': 'text/plain' }).end(`The scripted answer threw: ${String(error)}`);
    });
  };
  const secure = tls
    ? createHttpsServer(
        {
          cert: tls.certPem,
          key: tls.keyPem,
          ...(tls.clientCaPem !== undefined && { ca: tls.clientCaPem, requestCert: true, rejectUnauthorized: true }),
        },
        listener,
      )
    : undefined;
  const server = secure ?? createHttpServer(listener);
  server.on('connection', (socket) => {
    connections += 1;
    openConnections += 1;
    socket.once('close', () => {
      openConnections -= 1;
    });
  });
  const { port, stop } = await listenOnLoopback(server);

  return {
    url: `${tls ? 'https' : 'http'}://127.0.0.1:${port}`,
    port,
    requests,
    unexpected,
    get connections() {
      return connections;
    },
    get openConnections() {
      return openConnections;
    },
    on(method, path, ...responses) {
      routeOf(method, path).queue.push(...responses);
    },
    always(method, path, response) {
      routeOf(method, path).fallback = response;
    },
    verify() {
      const wrong = unexpected.map(
        ({ method, url }) => `unexpected request: ${method} ${url} (script it with server.on)`,
      );
      const unused = routes
        .filter(({ queue }) => queue.length > 0)
        .map(
          ({ method, path, queue }) => `${queue.length} scripted answer(s) never asked for: ${method} ${String(path)}`,
        );
      if (wrong.length + unused.length > 0)
        throw new Error(`The fault server disagrees with the test:\n${[...wrong, ...unused].join('\n')}`);
    },
    reset() {
      routes.length = requests.length = unexpected.length = 0;
    },
    present({ certPem, keyPem }) {
      if (secure === undefined) throw new Error('present() needs a server that was started with tls');
      secure.setSecureContext({ cert: certPem, key: keyPem });
    },
    async stop() {
      stopped.abort();
      await stop();
    },
  };
}

function matches({ method, path }: Route, request: RecordedRequest): boolean {
  if (method !== '*' && method !== request.method) return false;
  if (typeof path === 'string') return path === (path.includes('?') ? request.url : request.path);
  return path.test(request.url);
}

async function record(incoming: IncomingMessage): Promise<RecordedRequest> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    if (size < maxBodyBytes) chunks.push(chunk.subarray(0, maxBodyBytes - size));
    size += chunk.length;
  }
  const body = Buffer.concat(chunks);
  const url = incoming.url ?? '/';
  const [path = '/', search = ''] = url.split(/\?(.*)/s);
  return {
    method: incoming.method ?? 'GET',
    path,
    query: new URLSearchParams(search),
    url,
    headers: incoming.headers,
    body,
    json: () => JSON.parse(body.toString('utf8')) as unknown,
  };
}
