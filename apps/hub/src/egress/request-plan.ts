import type { HttpRequest, QueryValue } from '@inthub/connector-sdk';
import { HubError } from '@inthub/contracts';
import { addConnectorHeaders, type RequestHeaders } from './headers.ts';
import type { IntegrationSettings } from './integration-settings.ts';
import { type Coverage, type EgressPolicy, parseTarget, type Target } from './policy.ts';

/** A request on its way: where it goes now, and what it carries there. */
export interface Hop {
  readonly target: Target;
  /** Path and query. */
  readonly path: string;
  readonly method: string;
  readonly headers: Readonly<RequestHeaders>;
  readonly body: Buffer | undefined;
  readonly coverage: Coverage;
  /** False once a redirect has left the origin: then only a scheme of that host's own applies. */
  readonly trusted: boolean;
}

export interface PlanContext {
  readonly settings: IntegrationSettings;
  readonly policy: EgressPolicy;
  readonly userAgent: string;
  readonly traceparent: string | undefined;
  readonly tracestate: string | undefined;
}

const methods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
/** What one request may hold in memory. */
const maxBufferedBytes = 256 * 1024 * 1024;
const acceptEncoding = 'gzip, br, deflate';
/** Paths that need no URL parser, unless they hold `//` or a segment that begins with a dot, plain or escaped. */
const plainPath = /^\/[A-Za-z0-9\-._~!$&'()*+,;=:@/%]*$/;
const needsParser = /\/[./]|%2e/i;

/**
 * Turns a connector's request into the first hop.
 * @throws HubError `connector_failed` for a request that makes no sense, `egress_denied` for a place that is not allowed.
 */
export function planRequest(request: HttpRequest, context: PlanContext): Hop {
  checkShape(request);
  const { target, path } = locate(request.path, context.settings);
  const { endpoint, hosts } = context.settings;
  const coverage = target === endpoint ? 'endpoint' : context.policy.checkTarget(target, hosts);
  const headers: RequestHeaders = { 'user-agent': context.userAgent };
  if (coverage === 'endpoint') Object.assign(headers, context.settings.customHeaders);
  headers['accept'] = request.accept ?? headers['accept'] ?? 'application/json';
  // The size that HEAD tells and the part that Range asks for are those of the bytes themselves.
  headers['accept-encoding'] = request.method === 'HEAD' ? 'identity' : acceptEncoding;
  const { body, contentType } = encodeBody(request);
  if (contentType !== undefined) headers['content-type'] = contentType;
  if (request.headers !== undefined) {
    addConnectorHeaders(headers, request.headers);
    if (headers['range'] !== undefined) headers['accept-encoding'] = 'identity';
  }
  if (context.traceparent !== undefined) headers['traceparent'] = context.traceparent;
  if (context.tracestate !== undefined) headers['tracestate'] = context.tracestate;
  return {
    target,
    path: addQuery(path, request.query),
    method: request.method,
    headers,
    body,
    coverage,
    trusted: true,
  };
}

/** Connectors in a sandbox are not type-checked, and a limit that is not a number limits nothing. */
function checkShape({ method, path, timeoutMs, maxBytes, stream }: HttpRequest): void {
  if (!methods.has(method)) throw malformed(`the method must be one of ${[...methods].join(', ')}`);
  if (typeof path !== 'string') throw malformed('path must be text');
  if (timeoutMs !== undefined && !(Number.isFinite(timeoutMs) && timeoutMs > 0)) {
    throw malformed('timeoutMs must be a number above 0');
  }
  if (maxBytes !== undefined && !(Number.isFinite(maxBytes) && maxBytes >= 0)) {
    throw malformed('maxBytes must be a number, 0 or more');
  }
  if (maxBytes !== undefined && stream !== true && maxBytes > maxBufferedBytes) {
    throw malformed(`maxBytes above ${maxBufferedBytes} needs stream: true`);
  }
}

/** A path is below the endpoint and stays there; an absolute URL stands for itself, and the policy judges it. */
function locate(path: string, { endpoint, basePath }: IntegrationSettings): { target: Target; path: string } {
  if (plainPath.test(path) && !needsParser.test(path)) return { target: endpoint, path: `${basePath}${path}` };
  if (/^https?:\/\//i.test(path)) {
    const { url, ...target } = parseTarget(path, 'The URL of the request');
    return { target, path: `${url.pathname}${url.search}` };
  }
  if (!path.startsWith('/')) throw malformed('path must start with / or be an absolute URL');
  const text = `${endpoint.origin}${basePath}${path}`;
  if (!URL.canParse(text)) throw malformed('path is not a URL path');
  const url = new URL(text);
  if (url.pathname !== basePath && !url.pathname.startsWith(`${basePath}/`)) {
    throw malformed('path leaves the path of the endpoint by ".." segments');
  }
  return { target: endpoint, path: `${url.pathname}${url.search}` };
}

function addQuery(path: string, query: HttpRequest['query']): string {
  if (query === undefined) return path;
  let text = '';
  for (const [name, value] of Object.entries(query)) {
    for (const one of listOf(value))
      text += `&${encodeURIComponent(name.toWellFormed())}=${encodeURIComponent(one.toWellFormed())}`;
  }
  if (text === '') return path;
  return `${path}${path.includes('?') ? '&' : '?'}${text.slice(1)}`;
}

function listOf(value: QueryValue): readonly string[] {
  if (value === null || value === undefined) return [];
  return typeof value === 'object' ? value.map(String) : [String(value)];
}

function encodeBody({ json, form, body }: HttpRequest): { body: Buffer | undefined; contentType?: string } {
  if (Number(json !== undefined) + Number(form !== undefined) + Number(body !== undefined) > 1) {
    throw malformed('at most one of json, form and body may be given');
  }
  if (json !== undefined) return { body: Buffer.from(stringify(json)), contentType: 'application/json' };
  if (form !== undefined) {
    return {
      body: Buffer.from(new URLSearchParams(form).toString()),
      contentType: 'application/x-www-form-urlencoded',
    };
  }
  if (body === undefined) return { body: undefined };
  return {
    body: typeof body === 'string' ? Buffer.from(body) : Buffer.from(body.buffer, body.byteOffset, body.byteLength),
  };
}

function stringify(value: unknown): string {
  try {
    const text: string | undefined = JSON.stringify(value);
    if (text !== undefined) return text;
  } catch (cause) {
    throw malformed('json cannot be written as JSON', cause);
  }
  throw malformed('json cannot be written as JSON');
}

function malformed(why: string, cause?: unknown): HubError {
  return new HubError('connector_failed', `The connector built a request that cannot be sent: ${why}.`, { cause });
}
