import type { IncomingHttpHeaders } from 'node:http';
import { HubError } from '@inthub/contracts';
import type { Dispatcher } from 'undici';
import { type BodyDecoder, type ByteSink, createBodyDecoder, parseContentEncoding } from './body-decoder.ts';
import { BodyStream } from './body-stream.ts';
import type { CallBounds, Cancellable } from './call-bounds.ts';
import type { DeadlineWatch, Watched } from './deadline.ts';
import { fromError } from './from-error.ts';
import type { RoutePool } from './pools.ts';
import type { RateLimitState } from './scope.ts';

/** Limits of one send, all as `Clock.monotonicMs` values or milliseconds. */
export interface SendLimits {
  /** End of this request by its own `timeoutMs`; the call's deadline when it has none. */
  readonly endMs: number;
  /** From the start of the send to the headers of the answer. */
  readonly headersMs: number;
  /** Between two pieces of the body. */
  readonly idleMs: number;
}

/** One request, ready for the wire. */
export interface SendOrder {
  readonly route: RoutePool;
  readonly host: string;
  readonly proxy: string | undefined;
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | undefined;
  readonly maxBytes: number;
  /** Hand an accepted body over as it arrives. */
  readonly stream: boolean;
  /** Whether the body of this status is the answer; otherwise it is a fault, of which only a piece is kept. */
  accepts(status: number): boolean;
  readonly limits: SendLimits;
  readonly bounds: CallBounds;
  /** Called once, when the exchange is over; `body` may still be unread. Says what the answer tells of the provider's limit. */
  onEnd(result: ExchangeResult): RateLimitState | undefined;
}

export interface ExchangeResult {
  /** Null when no answer began. */
  readonly status: number | null;
  readonly headers: IncomingHttpHeaders;
  readonly error: HubError | null;
  /** Body bytes as they came over the wire. */
  readonly bytes: number;
  readonly ms: number;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer | BodyStream;
}

/** `rateLimit` is known once the exchange is over, that is for every answer that is not a stream. */
export type SentAnswer = Answer & { readonly rateLimit: RateLimitState | undefined };

/** Enough for any error document; the rest is not worth waiting for. */
const maxFaultBytes = 64 * 1024;
const nothing = Buffer.alloc(0);

/** Sends one request and collects or streams its answer, within its limits. Fails with HubError only. */
export function exchange(
  order: SendOrder,
  clock: { monotonicMs(): number },
  watch: DeadlineWatch,
): Promise<SentAnswer> {
  return new Promise((resolve, reject) => {
    const { route, method, headers } = order;
    const sent = new Exchange(order, { clock, watch, resolve, reject });
    sent.start();
    route.pool.dispatch({ method, path: `${route.pathPrefix}${order.path}`, headers, body: order.body ?? null }, sent);
  });
}

interface Parts {
  readonly clock: { monotonicMs(): number };
  readonly watch: DeadlineWatch;
  resolve(answer: SentAnswer): void;
  reject(error: HubError): void;
}

/** State of one request on the wire; undici calls the `on…` methods, the deadline watch `onDue`, the call `cancel`. */
class Exchange implements Dispatcher.DispatchHandler, Watched, Cancellable, ByteSink {
  dueMs: number;
  slot = -1;
  readonly #order: SendOrder;
  readonly #parts: Parts;
  readonly #startMs: number;
  #controller: Dispatcher.DispatchController | undefined;
  #status = 0;
  #headers: IncomingHttpHeaders = {};
  #accepted = false;
  #wireBytes = 0;
  #keptBytes = 0;
  readonly #kept: Buffer[] = [];
  #stream: BodyStream | undefined;
  #decoder: BodyDecoder | undefined;
  #over = false;

  constructor(order: SendOrder, parts: Parts) {
    this.#order = order;
    this.#parts = parts;
    this.#startMs = parts.clock.monotonicMs();
    this.dueMs = Math.min(order.limits.endMs, this.#startMs + order.limits.headersMs);
  }

  start(): void {
    this.#order.route.inFlight += 1;
    this.#order.bounds.add(this);
    this.#parts.watch.add(this);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    // Given up while it waited for a connection.
    if (this.#over) controller.abort(new HubError('cancelled'));
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (this.#over || status < 200) return;
    this.#status = status;
    this.#headers = headers;
    this.#accepted = this.#order.accepts(status);
    this.#limitIdleness();
    try {
      this.#prepareBody(headers);
    } catch (error) {
      this.cancel(HubError.from(error));
      return;
    }
    if (this.#accepted && this.#order.stream) {
      this.#stream = new BodyStream({
        onReady: () => this.#resume(),
        onStop: () => {
          this.#finish(null);
          controller.abort(new HubError('cancelled'));
        },
      });
      this.#parts.resolve({ status, headers, body: this.#stream, rateLimit: undefined });
    }
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#over) return;
    this.#wireBytes += chunk.length;
    this.#touch();
    const goOn = this.#decoder === undefined ? this.write(chunk) : this.#decoder.write(chunk);
    if (!goOn && !this.#over) {
      controller.pause();
      // The reader, not the provider, is slow now.
      this.dueMs = this.#order.limits.endMs;
    }
  }

  onResponseEnd(): void {
    if (this.#over) return;
    if (this.#decoder === undefined) this.end();
    else this.#decoder.end();
  }

  onResponseError(_controller: unknown, error: Error): void {
    const { host, proxy } = this.#order;
    this.fail(fromError(error, { host, ...(proxy === undefined ? {} : { proxy }) }));
  }

  /** Decoded bytes. */
  write(chunk: Buffer): boolean {
    this.#keptBytes += chunk.length;
    if (this.#accepted && this.#keptBytes > this.#order.maxBytes) {
      this.cancel(tooLarge(this.#order));
      return true;
    }
    if (this.#stream !== undefined) return this.#stream.write(chunk);
    this.#kept.push(chunk);
    if (!this.#accepted && this.#keptBytes >= maxFaultBytes) {
      this.end();
      this.#controller?.abort(new HubError('cancelled'));
    }
    return true;
  }

  end(): void {
    if (this.#over) return;
    const rateLimit = this.#finish(null);
    if (this.#stream !== undefined) this.#stream.end();
    else this.#parts.resolve({ status: this.#status, headers: this.#headers, body: this.#collected(), rateLimit });
  }

  fail(error: HubError): void {
    if (this.#over) return;
    // Half an error document, or one packed wrongly, still has a status that says more than this.
    if (this.#status !== 0 && !this.#accepted && error.code !== 'cancelled' && error.code !== 'deadline_exceeded') {
      this.end();
      return;
    }
    this.#finish(error);
    if (this.#stream !== undefined) this.#stream.fail(error);
    else this.#parts.reject(error);
  }

  cancel(error: HubError): void {
    this.fail(error);
    this.#controller?.abort(error);
  }

  onDue(nowMs: number): void {
    const { limits, bounds, host } = this.#order;
    if (nowMs < this.dueMs) return;
    const waitedMs = Math.round(nowMs - this.#startMs);
    if (nowMs >= bounds.deadlineMs) this.cancel(bounds.deadlineError(nowMs, this.#startMs));
    else if (nowMs >= limits.endMs) {
      this.cancel(
        new HubError(
          'provider_timeout',
          `${host} did not finish within the time limit of the request (${waitedMs} ms).`,
        ),
      );
    } else if (this.#status === 0) {
      this.cancel(new HubError('provider_timeout', `${host} did not begin to answer within ${waitedMs} ms.`));
    } else {
      this.cancel(
        new HubError(
          'provider_timeout',
          `${host} stopped sending in the middle of its answer for ${limits.idleMs} ms.`,
        ),
      );
    }
  }

  #prepareBody(headers: IncomingHttpHeaders): void {
    const { method, host, maxBytes } = this.#order;
    if (method === 'HEAD' || this.#status === 204 || this.#status === 304) return;
    const encodings = parseContentEncoding(headers['content-encoding'], host);
    if (encodings.length > 0)
      this.#decoder = createBodyDecoder(encodings, this, { host, onDrain: () => this.#resume() });
    else if (this.#accepted && Number(headers['content-length']) > maxBytes) throw tooLarge(this.#order);
  }

  #touch(): void {
    const { limits } = this.#order;
    this.dueMs = Math.min(limits.endMs, this.#parts.clock.monotonicMs() + limits.idleMs);
  }

  /** As `#touch`, where the time limit may have become shorter than what the watch sleeps for. */
  #limitIdleness(): void {
    this.#touch();
    this.#parts.watch.add(this);
  }

  #resume(): void {
    if (this.#over) return;
    this.#limitIdleness();
    this.#decoder?.resume();
    this.#controller?.resume();
  }

  #collected(): Buffer {
    const [only] = this.#kept;
    if (only === undefined) return nothing;
    return this.#kept.length === 1 ? only : Buffer.concat(this.#kept);
  }

  #finish(error: HubError | null): RateLimitState | undefined {
    this.#over = true;
    this.#decoder?.destroy();
    this.#parts.watch.remove(this);
    this.#order.bounds.remove(this);
    this.#order.route.inFlight -= 1;
    return this.#order.onEnd({
      status: this.#status === 0 ? null : this.#status,
      headers: this.#headers,
      error,
      bytes: this.#wireBytes,
      ms: this.#parts.clock.monotonicMs() - this.#startMs,
    });
  }
}

function tooLarge({ host, maxBytes }: SendOrder): HubError {
  return new HubError(
    'provider_response_too_large',
    `${host} sent more than ${maxBytes} bytes; ask for less, for example a smaller page.`,
    {
      details: { maxBytes },
    },
  );
}
