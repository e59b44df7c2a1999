/** The documented HttpClient contract without retries, pace and pinning: what a connector sees of egress, over any responder. */
import { type Clock, type CredentialMaterial, HubError, providerErrorCode } from '@inthub/contracts';
import {
  type AuthMethod,
  type AuthScheme,
  authSchemeFor,
  decodeProviderText,
  type HttpClient,
  type HttpHeaders,
  type HttpOptions,
  type HttpRequest,
  type HttpResponse,
  parseProviderJson,
} from '../index.ts';
import { type Reply, type Responder, replyBody, type SentRequest } from './exchange.ts';

export interface TestHttpClientOptions {
  readonly endpoint: string;
  /** Hosts beside the endpoint's own; `*.suffix` for any name below it. */
  readonly hosts: readonly string[];
  readonly auth: AuthMethod;
  readonly credential: CredentialMaterial | undefined;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly respond: Responder;
  /** Told about each request before it is answered. */
  onRequest(request: SentRequest): void;
  /** Told about what no test may let pass, even if the connector swallows the error. */
  onFault(message: string): void;
}

const defaultMaxBytes = 10 * 1024 * 1024;

export function createTestHttpClient(options: TestHttpClientOptions): HttpClient {
  const request = (spec: HttpRequest) => exchange(spec, options);
  const verb =
    (method: HttpRequest['method']) =>
    (path: string, more: HttpOptions = {}) =>
      request({ method, path, ...more });
  return {
    request,
    get: verb('GET'),
    head: verb('HEAD'),
    post: verb('POST'),
    put: verb('PUT'),
    patch: verb('PATCH'),
    delete: verb('DELETE'),
  };
}

async function exchange(spec: HttpRequest, options: TestHttpClientOptions): Promise<HttpResponse> {
  const { signal, respond, onRequest, onFault } = options;
  throwIfAborted(signal);
  const url = buildUrl(spec, options);
  const request = buildRequest(spec, url, options);
  onRequest(request);

  const reply = await raceAbort(Promise.resolve(respond(request, signal)), signal);
  if (reply === undefined) {
    const message = `Nothing answers ${request.method} ${url.href} in this test.`;
    onFault(message);
    throw new Error(message);
  }
  if (reply.fault === 'hang') await raceAbort(new Promise<never>(() => {}), signal);
  if (reply.fault === 'timeout') throw new HubError('provider_timeout', `${url.host} did not answer in time.`);
  if (reply.fault === 'unreachable') throw new HubError('provider_unreachable', `${url.host} could not be reached.`);
  return toResponse(spec, request, reply, options);
}

function buildUrl({ path, query }: HttpRequest, { endpoint, hosts, onFault }: TestHttpClientOptions): URL {
  const base = new URL(endpoint);
  const absolute = /^[a-z][a-z0-9+.-]*:/i.test(path);
  const url = absolute ? new URL(path) : new URL(base.origin + base.pathname.replace(/\/+$/, '') + leadingSlash(path));
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value === undefined || value === null) continue;
    for (const single of Array.isArray(value) ? value : [value]) url.searchParams.append(name, String(single));
  }
  const declared = hosts.some((host) => (host.startsWith('*.') ? url.host.endsWith(host.slice(1)) : url.host === host));
  if (url.origin === base.origin || (url.protocol === 'https:' && declared)) return url;
  const message = `${url.origin} is neither the endpoint's origin ${base.origin} nor a host declared in manifest.egress.hosts.`;
  onFault(message);
  throw new HubError('egress_denied', message);
}

function leadingSlash(path: string): string {
  return path.startsWith('/') ? path : `/${path}`;
}

function buildRequest(spec: HttpRequest, url: URL, options: TestHttpClientOptions): SentRequest {
  const { endpoint, auth, credential, onFault } = options;
  const bodies = [spec.json, spec.form, spec.body].filter((body) => body !== undefined);
  if (bodies.length > 1) onFault(`${spec.method} ${url.href} has more than one of json, form and body.`);

  const headers: Record<string, string> = { accept: spec.accept ?? 'application/json' };
  for (const [name, value] of Object.entries(spec.headers ?? {})) headers[name.toLowerCase()] = value;
  let body: Uint8Array | null = null;
  if (spec.json !== undefined) {
    body = Buffer.from(JSON.stringify(spec.json));
    headers['content-type'] ??= 'application/json';
  } else if (spec.form !== undefined) {
    body = Buffer.from(new URLSearchParams(spec.form).toString());
    headers['content-type'] ??= 'application/x-www-form-urlencoded';
  } else if (spec.body !== undefined) {
    body = typeof spec.body === 'string' ? Buffer.from(spec.body) : spec.body;
  }

  const scheme: AuthScheme = spec.auth === 'none' ? { scheme: 'none' } : authSchemeFor(auth, endpoint, url);
  return {
    method: spec.method,
    url: scheme.scheme === 'secret-url' ? secretAddress(scheme.url, url, options) : url,
    headers: { ...headers, ...authHeader(scheme, credential) },
    body,
    auth: scheme.scheme,
  };
}

/** As egress does it. A canary is no address: it stands below the endpoint, so that a test still notices when it leaks. */
function secretAddress(template: string, asked: URL, { endpoint, credential }: TestHttpClientOptions): URL {
  const filled = fillTemplate(template, credential);
  const base = new URL(endpoint);
  const address = URL.canParse(filled) ? new URL(filled) : new URL(`/${filled}`, base);
  if (address.origin !== base.origin)
    throw new HubError('egress_denied', `The address in the credential is not at the endpoint, ${base.origin}.`);
  const below = asked.pathname.slice(base.pathname.replace(/\/+$/, '').length);
  if (below !== '/') address.pathname = `${address.pathname.replace(/\/+$/, '')}${below}`;
  for (const [name, value] of asked.searchParams) address.searchParams.append(name, value);
  return address;
}

/** Schemes that need a conversation first (challenge, exchange) and TLS certificates add no header here. */
function authHeader(scheme: AuthScheme, credential: CredentialMaterial | undefined): Record<string, string> {
  const fill = (template: string) => fillTemplate(template, credential);
  switch (scheme.scheme) {
    case 'bearer':
      return { authorization: `Bearer ${fill(scheme.token)}` };
    case 'basic':
      return {
        authorization: `Basic ${Buffer.from(`${fill(scheme.username)}:${fill(scheme.password)}`).toString('base64')}`,
      };
    case 'header':
      return { [scheme.name.toLowerCase()]: fill(scheme.value) };
    default:
      return {};
  }
}

/** `{field}` names a field of the credential. */
export function fillTemplate(template: string, credential: CredentialMaterial | undefined): string {
  return template.replaceAll(/\{([A-Za-z]+)\}/g, (_whole, field: string) => {
    const value = (credential as Record<string, unknown> | undefined)?.[field];
    if (typeof value !== 'string')
      throw new HubError('credential_unavailable', `The credential has no field "${field}".`);
    return value;
  });
}

function toResponse(
  spec: HttpRequest,
  request: SentRequest,
  reply: Reply,
  { clock, signal }: Pick<TestHttpClientOptions, 'clock' | 'signal'>,
): HttpResponse {
  const status = reply.status ?? 200;
  const { bytes, contentType } = replyBody(reply);
  const headers = toHeaders(reply, contentType);
  const { host } = request.url;
  if ((status < 200 || status > 299) && !spec.expect?.includes(status)) {
    const retryAfterMs = readRetryAfter(headers.get('retry-after'), clock);
    throw new HubError(providerErrorCode(status), `${host} answered ${status}.`, {
      details: { status },
      cause: { status, contentType, body: Buffer.from(bytes).toString('utf8') },
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    });
  }
  const maxBytes = spec.maxBytes ?? defaultMaxBytes;
  const body = spec.method === 'HEAD' ? new Uint8Array() : bytes;
  const tooLarge = () =>
    new HubError('provider_response_too_large', `${host} answered with more than ${maxBytes} bytes.`);
  const within = () => {
    if (body.length <= maxBytes) return body;
    throw tooLarge();
  };
  const whole = async () => {
    if (reply.chunks === undefined) return within();
    const pieces: Uint8Array[] = [];
    for await (const piece of pieced()) pieces.push(piece);
    return Buffer.concat(pieces);
  };
  async function* pieced(): AsyncGenerator<Uint8Array> {
    let length = 0;
    for await (const piece of reply.chunks ?? [within()]) {
      throwIfAborted(signal);
      length += piece.length;
      if (length > maxBytes) throw tooLarge();
      yield piece;
    }
  }
  const text = async () => decodeProviderText(await whole());
  return {
    status,
    url: request.auth === 'secret-url' ? `${request.url.origin}/` : request.url.href,
    headers,
    bytes: whole,
    text,
    json: (async (schema?: Parameters<typeof parseProviderJson>[2]) =>
      schema === undefined
        ? parseProviderJson(await text())
        : parseProviderJson(await text(), 'The answer', schema)) as HttpResponse['json'],
    chunks: pieced,
  };
}

function toHeaders(reply: Reply, contentType: string | undefined): HttpHeaders {
  const headers = new Map(Object.entries(reply.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]));
  if (contentType !== undefined && !headers.has('content-type')) headers.set('content-type', contentType);
  return { get: (name) => headers.get(name.toLowerCase()), entries: () => headers.entries() };
}

/** Seconds or an HTTP date (RFC 9110 §10.2.3). */
function readRetryAfter(value: string | undefined, clock: Clock): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d+$/.test(value)) return Number(value) * 1000;
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : Math.max(0, at - clock.now().getTime());
}

function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw abortError(signal);
}

async function raceAbort<Value>(work: Promise<Value>, signal: AbortSignal): Promise<Value> {
  let stop: (() => void) | undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    stop = () => reject(abortError(signal));
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    if (stop !== undefined) signal.removeEventListener('abort', stop);
  }
}

function abortError(signal: AbortSignal): HubError {
  return HubError.from(signal.reason, 'cancelled');
}
