import type { Static, TSchema } from 'typebox';

/** A query value; arrays repeat the name, undefined and null are left out. */
export type QueryValue = string | number | boolean | null | undefined | readonly (string | number | boolean)[];

/**
 * One request through egress. The connector gives a path below the integration's endpoint;
 * egress adds credentials, pace, retry, deadline, DNS pinning and metrics.
 */
export interface HttpRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS';
  /** Path below the endpoint (`/v2/_catalog`), or an absolute URL whose origin is the endpoint's or of a declared host. */
  readonly path: string;
  readonly query?: Readonly<Record<string, QueryValue>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as `application/json`. At most one of json, form, body. */
  readonly json?: unknown;
  /** Sent as `application/x-www-form-urlencoded`. */
  readonly form?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** `Accept` header; default `application/json`. */
  readonly accept?: string;
  /** Statuses outside 2xx that the caller handles itself instead of getting a HubError (for example 404 for "absent"). */
  readonly expect?: readonly number[];
  /** Largest body accepted, bytes; default 10 MiB. Beyond: `provider_response_too_large`. */
  readonly maxBytes?: number;
  /** Time for this request, retries included, ms; never outlives the action's deadline. */
  readonly timeoutMs?: number;
  /**
   * `auto` (default) retries transient faults of GET, HEAD, PUT, DELETE, OPTIONS, and of any method when the call carries an
   * idempotency key that the request passes on (`idempotent: true`). `never` sends once.
   */
  readonly retry?: 'auto' | 'never';
  /** The provider makes a repeat of this request harmless (natural key, or an idempotency header that was set). */
  readonly idempotent?: boolean;
  /** `none` sends no credential (public documents on a declared host). Default `auto`. */
  readonly auth?: 'auto' | 'none';
  /**
   * Keep the answer of this GET by its `ETag` (up to 512 KiB, an hour, in memory) and ask again with `If-None-Match`; a 304 is given to
   * the caller as the kept 200. Worth it where the provider counts no 304 against its limit. Default false.
   */
  readonly revalidate?: boolean;
  /** Deliver the body as it arrives instead of buffering it; for server-sent events and large blobs. Default false. */
  readonly stream?: boolean;
}

export interface HttpResponse {
  readonly status: number;
  /** Final URL after redirects, without credentials. */
  readonly url: string;
  readonly headers: HttpHeaders;
  /** Whole body. */
  bytes(): Promise<Uint8Array>;
  /** Whole body as UTF-8. @throws HubError `provider_bad_response` when it is not UTF-8. */
  text(): Promise<string>;
  /** Whole body as JSON, checked against `schema`. @throws HubError `provider_bad_response` naming the place that does not fit. */
  json(): Promise<unknown>;
  json<Schema extends TSchema>(schema: Schema): Promise<Static<Schema>>;
  /** The body as it arrives (only with `stream: true`). Stops when the action's signal aborts. */
  chunks(): AsyncIterable<Uint8Array>;
}

export interface HttpHeaders {
  /** Case-insensitive; several values are joined by `, `; undefined when absent. */
  get(name: string): string | undefined;
  entries(): Iterable<[string, string]>;
}

export type HttpOptions = Omit<HttpRequest, 'method' | 'path'>;

/** The only way out for a connector. Every method throws HubError with a `provider_*`, `egress_denied` or `deadline_exceeded` code. */
export interface HttpClient {
  request(request: HttpRequest): Promise<HttpResponse>;
  get(path: string, options?: HttpOptions): Promise<HttpResponse>;
  head(path: string, options?: HttpOptions): Promise<HttpResponse>;
  post(path: string, options?: HttpOptions): Promise<HttpResponse>;
  put(path: string, options?: HttpOptions): Promise<HttpResponse>;
  patch(path: string, options?: HttpOptions): Promise<HttpResponse>;
  delete(path: string, options?: HttpOptions): Promise<HttpResponse>;
}
