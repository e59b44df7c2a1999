/** What a fault server can answer: the well-behaved, the slow, the broken and the hostile. Each is used by `server.on(…)`. */
import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { createGzip } from 'node:zlib';

export interface RecordedRequest {
  method: string;
  /** Without the query. */
  path: string;
  query: URLSearchParams;
  /** Path and query as they came. */
  url: string;
  /** Names in lower case; repeated ones joined as Node does. */
  headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Up to 16 MiB; the rest is discarded. */
  body: Buffer;
  /** The body parsed. Throws when it is not JSON. */
  json(): unknown;
}

export interface FaultExchange {
  request: RecordedRequest;
  response: ServerResponse;
  /** Aborted when the client goes away or the server stops. */
  signal: AbortSignal;
}

/** Answers one request. Write your own for what `respond` lacks. */
export type FaultResponse = (exchange: FaultExchange) => void | Promise<void>;

const mebibyte = Buffer.alloc(1024 * 1024);

export const respond = {
  json(status: number, body: unknown, headers: OutgoingHttpHeaders = {}): FaultResponse {
    return respond.bytes(status, Buffer.from(JSON.stringify(body)), { 'content-type': 'application/json', ...headers });
  },

  text(status: number, body: string, headers: OutgoingHttpHeaders = {}): FaultResponse {
    return respond.bytes(status, Buffer.from(body), { 'content-type': 'text/plain; charset=utf-8', ...headers });
  },

  bytes(status: number, body: Uint8Array, headers: OutgoingHttpHeaders = {}): FaultResponse {
    return ({ response }) => {
      response.writeHead(status, { 'content-length': body.length, ...headers }).end(body);
    };
  },

  empty(status: number, headers: OutgoingHttpHeaders = {}): FaultResponse {
    return ({ response }) => {
      response.writeHead(status, headers).end();
    };
  },

  redirect(to: string, status = 302): FaultResponse {
    return respond.empty(status, { location: to, 'content-length': 0 });
  },

  /** To itself, with a counter in the query, so that no client sees the same URL twice. Needs `server.always`. */
  endlessRedirect(status = 302): FaultResponse {
    return (exchange) => {
      const hop = Number(exchange.request.query.get('hop') ?? 0) + 1;
      return respond.redirect(`${exchange.request.path}?hop=${hop}`, status)(exchange);
    };
  },

  /** 429 with Retry-After in seconds, or as an HTTP date (RFC 9110 §10.2.3). */
  tooManyRequests(retryAfter?: number | Date, headers: OutgoingHttpHeaders = {}): FaultResponse {
    const value = retryAfter instanceof Date ? retryAfter.toUTCString() : retryAfter?.toString();
    return respond.json(
      429,
      { message: 'too many requests' },
      { ...(value !== undefined && { 'retry-after': value }), ...headers },
    );
  },

  /** Alternates, the bad answer first. Needs `server.always`; with `server.on`, queue the sequence instead. */
  flapping(good: FaultResponse, bad: FaultResponse = respond.json(503, { message: 'unavailable' })): FaultResponse {
    let calls = 0;
    return (exchange) => (calls++ % 2 === 0 ? bad : good)(exchange);
  },

  /** Real time passes before anything is sent: keep it short, or `never`. */
  slow(afterMs: number, then: FaultResponse): FaultResponse {
    return async (exchange) => {
      await wait(afterMs, undefined, { signal: exchange.signal });
      await then(exchange);
    };
  },

  /** Takes the request and stays silent until the client gives up. */
  never(): FaultResponse {
    return ({ signal }) => aborted(signal);
  },

  /** Status line and headers at once, then one byte of the body at a time, without end when `body` is not given. */
  drip(
    everyMs: number,
    body?: Uint8Array,
    headers: OutgoingHttpHeaders = { 'content-type': 'application/json' },
  ): FaultResponse {
    return async ({ response, signal }) => {
      response.writeHead(200, { ...(body && { 'content-length': body.length }), ...headers });
      for (let at = 0; body === undefined || at < body.length; at++) {
        response.write(body === undefined ? ' ' : body.subarray(at, at + 1));
        await wait(everyMs, undefined, { signal });
      }
      response.end();
    };
  },

  /** The status line at once, then an endless header, one byte at a time. */
  dripHeaders(everyMs: number): FaultResponse {
    return async ({ response, signal }) => {
      response.socket?.write('HTTP/1.1 200 OK\r\nx-slow: ');
      for (;;) {
        await wait(everyMs, undefined, { signal });
        response.socket?.write('a');
      }
    };
  },

  /** TCP reset instead of an answer. */
  reset(): FaultResponse {
    return ({ response }) => {
      response.socket?.resetAndDestroy();
    };
  },

  /** Promises the whole body, sends half of it, then resets the connection. */
  resetMidBody(body: Uint8Array, headers: OutgoingHttpHeaders = { 'content-type': 'application/json' }): FaultResponse {
    return sendHalf(body, headers, (response) => response.socket?.resetAndDestroy());
  },

  /** Promises the whole body, sends half of it, then closes politely: the content-length is a lie. */
  halfBody(body: Uint8Array, headers: OutgoingHttpHeaders = { 'content-type': 'application/json' }): FaultResponse {
    return sendHalf(body, headers, (response) => response.socket?.end());
  },

  /** Says JSON, is none. */
  garbageJson(status = 200): FaultResponse {
    return respond.text(status, '{"name": "cut o', { 'content-type': 'application/json' });
  },

  /** A chunked body whose second chunk has no valid size. */
  brokenChunks(): FaultResponse {
    return respond.raw(
      'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{"\r\nnot-a-size\r\n',
    );
  },

  /** These bytes as they are (no HTTP added), then the connection closes. */
  raw(bytes: string | Uint8Array): FaultResponse {
    return ({ response }) => {
      response.socket?.end(bytes);
    };
  },

  /** A small gzip body that unpacks to so many bytes of zeros (about 1000 to 1). */
  gzipBomb(
    unpackedBytes: number,
    headers: OutgoingHttpHeaders = { 'content-type': 'application/json' },
  ): FaultResponse {
    return async ({ response, signal }) => {
      response.writeHead(200, { 'content-encoding': 'gzip', ...headers });
      const gzip = createGzip({ level: 9 });
      gzip.pipe(response);
      try {
        await pour(gzip, unpackedBytes, signal);
      } finally {
        gzip.end();
      }
    };
  },

  /** So many bytes of zeros; `Infinity` never ends. The length is announced unless `announce` is false. */
  bigBody(
    bytes: number,
    { announce = Number.isFinite(bytes), headers = { 'content-type': 'application/json' } as OutgoingHttpHeaders } = {},
  ): FaultResponse {
    return async ({ response, signal }) => {
      response.writeHead(200, { ...(announce && { 'content-length': bytes }), ...headers });
      await pour(response, bytes, signal);
      response.end();
    };
  },
};

function sendHalf(
  body: Uint8Array,
  headers: OutgoingHttpHeaders,
  cut: (response: ServerResponse) => void,
): FaultResponse {
  return async ({ response, signal }) => {
    response.writeHead(200, { 'content-length': body.length, ...headers });
    await new Promise<void>((resolve) => response.write(body.subarray(0, Math.ceil(body.length / 2)), () => resolve()));
    // A reset also discards what the client has not read yet, so let the half arrive.
    await wait(20, undefined, { signal });
    cut(response);
  };
}

async function pour(target: NodeJS.WritableStream, bytes: number, signal: AbortSignal): Promise<void> {
  for (let left = bytes; left > 0 && !signal.aborted; left -= mebibyte.length) {
    if (target.write(left < mebibyte.length ? mebibyte.subarray(0, left) : mebibyte)) continue;
    await Promise.race([new Promise<void>((resolve) => target.once('drain', resolve)), aborted(signal)]);
  }
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
