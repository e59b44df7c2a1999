import type { AuthScheme, HttpRequest } from '../index.ts';

/** A request as it would leave the hub. */
export interface SentRequest {
  readonly method: HttpRequest['method'];
  readonly url: URL;
  /** Names in lower case. Holds the credential where the scheme puts it into a header without asking the provider first. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | null;
  /** The authentication scheme that applied. */
  readonly auth: AuthScheme['scheme'];
}

/** An answer of a provider, real or not; at most one of json, text, bytes, chunks. */
export interface Reply {
  /** Default 200. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  readonly text?: string;
  readonly bytes?: Uint8Array;
  /** A body that comes in pieces; an iteration that throws a HubError is one that breaks off. */
  readonly chunks?: Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
  /** No answer at all: the time ran out, the address does not answer, or nothing ever comes until the call is aborted. */
  readonly fault?: 'timeout' | 'unreachable' | 'hang';
}

/** Answers a request; undefined leaves it to the next responder. */
export type Responder = (request: SentRequest, signal: AbortSignal) => Reply | undefined | Promise<Reply | undefined>;

/** The first of several responders that answers. */
export function firstOf(...responders: readonly Responder[]): Responder {
  return async (request, signal) => {
    for (const respond of responders) {
      const reply = await respond(request, signal);
      if (reply !== undefined) return reply;
    }
    return undefined;
  };
}

export function describeRequest({ method, url }: Pick<SentRequest, 'method' | 'url'>): string {
  return `${method} ${url.href}`;
}

/** The bytes of a reply's body and the content type that goes with them. */
export function replyBody(reply: Reply): { bytes: Uint8Array; contentType: string | undefined } {
  if (reply.bytes !== undefined) return { bytes: reply.bytes, contentType: undefined };
  if (reply.text !== undefined) return { bytes: Buffer.from(reply.text), contentType: 'text/plain; charset=utf-8' };
  if (reply.json !== undefined)
    return { bytes: Buffer.from(JSON.stringify(reply.json)), contentType: 'application/json' };
  return { bytes: new Uint8Array(), contentType: undefined };
}
