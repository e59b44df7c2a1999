import { errorCodes, type FieldError, HubError, toProblem } from '@inthub/contracts';
import type { FastifyBaseLogger, FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import type { App } from './fastify-types.ts';
import { setHeaders, type WholeAnswer } from './raw-answer.ts';

/** Fastify adds the charset to everything that calls itself JSON. */
const problemType = 'application/problem+json; charset=utf-8';

/** Every 4xx and 5xx of the hub is a problem document (RFC 9457); this is the one mapper out. */
export function registerProblems(app: App): void {
  const methodsByUrl = new Map<string, Set<string>>();
  app.addHook('onRoute', (route) => {
    const methods = methodsByUrl.get(route.url) ?? new Set();
    for (const method of [route.method].flat()) methods.add(method);
    methodsByUrl.set(route.url, methods);
  });

  app.setErrorHandler((error: FastifyError | HubError, request, reply) => {
    const known = toHubError(error);
    reportOwnFault(request.log, error, known);
    return sendProblem(reply, request, known);
  });

  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?')[0] ?? '/';
    const allowed = [...methodsByUrl]
      .filter(([pattern]) => matches(pattern, path))
      .flatMap(([, methods]) => [...methods]);
    if (allowed.length === 0)
      return sendProblem(reply, request, new HubError('not_found', 'There is no such endpoint; see /docs.'));
    const allow = [...new Set(allowed)].sort().join(', ');
    reply.header('allow', allow);
    return sendProblem(
      reply,
      request,
      new HubError('method_not_allowed', `${request.method} is not supported here; use ${allow}.`),
    );
  });
}

export function sendProblem(
  reply: FastifyReply,
  request: FastifyRequest,
  error: HubError,
  extensions: object = {},
): FastifyReply {
  const { status, headers, body } = problemReply(error, { requestId: request.id, url: request.url }, extensions);
  setHeaders(reply, headers);
  // A plain string: the problem has one shape for all routes, whatever their response schemas say.
  return reply.code(status).send(body);
}

/** A problem document as it goes out. */
export function problemReply(
  error: HubError,
  { requestId, url }: { readonly requestId: string; readonly url: string },
  extensions: object = {},
): WholeAnswer {
  const headers = ['content-type', problemType];
  if (error.code === 'unauthenticated') headers.push('www-authenticate', 'Bearer realm="inthub"');
  const { status, retryAfterMs } = error;
  if (retryAfterMs !== undefined) headers.push('retry-after', String(Math.max(1, Math.ceil(retryAfterMs / 1000))));
  const problem = toProblem(error, { requestId, instance: instanceOf(url) });
  return { status, headers, body: JSON.stringify({ ...problem, ...extensions }) };
}

/** The hub's own faults are the operator's to see. */
export function reportOwnFault(log: FastifyBaseLogger, thrown: Error, known: HubError): void {
  if (errorCodes[known.code].status < 500 || known.blame !== 'hub') return;
  log.error({ err: known.cause ?? thrown, code: known.code }, 'request failed');
}

/** The path without what may be a webhook's secret. */
function instanceOf(url: string): string {
  const [path = '/'] = url.split('?');
  return path.replace(/^(\/+v1\/webhooks\/[^/]*)\/.*$/, '$1');
}

/** Fastify's own errors in the hub's words; anything unexpected becomes `internal`. */
export function toHubError(error: FastifyError | HubError): HubError {
  if (error instanceof HubError) return error;
  if (error.validation !== undefined) return fromValidation(error);
  switch (error.code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new HubError('payload_too_large', 'The request body is larger than the limit of this endpoint.', {
        cause: error,
      });
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return new HubError('unsupported_media_type', 'Send the body as application/json.', { cause: error });
    case 'FST_ERR_CTP_EMPTY_JSON_BODY':
      return new HubError('malformed_body', 'The body is empty although its content type is JSON.', { cause: error });
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
      return new HubError('malformed_body', 'The body is not as long as Content-Length says.', { cause: error });
    case 'FST_ERR_CTP_INVALID_JSON_BODY':
      return new HubError('malformed_body', 'The body is not valid JSON.', { cause: error });
    default:
      break;
  }
  if (error instanceof SyntaxError || error.statusCode === 400) {
    return new HubError('malformed_body', 'The request could not be parsed.', { cause: error });
  }
  if (error.statusCode === 413) return new HubError('payload_too_large', undefined, { cause: error });
  if (error.statusCode === 415) return new HubError('unsupported_media_type', undefined, { cause: error });
  if (error.statusCode === 503)
    return new HubError('unavailable', 'The hub is shutting down.', { cause: error, retryAfterMs: 1000 });
  return new HubError('internal', undefined, { cause: error });
}

const maxErrorsShown = 20;

function fromValidation(error: FastifyError): HubError {
  const part = error.validationContext === 'body' ? '' : `/${error.validationContext ?? ''}`;
  const errors: FieldError[] = (error.validation ?? []).slice(0, maxErrorsShown).map((fault) => {
    const params = fault.params as Record<string, unknown>;
    const extra = params['additionalProperty'] ?? params['missingProperty'];
    const at = typeof extra === 'string' ? `/${extra.replaceAll('~', '~0').replaceAll('/', '~1')}` : '';
    return {
      path: `${part}${fault.instancePath}${at}` || '/',
      rule: fault.keyword,
      message: explain(fault.keyword, params, fault.message),
    };
  });
  const first = errors[0];
  return new HubError('invalid_request', first === undefined ? undefined : `${first.path}: ${first.message}`, {
    errors,
  });
}

function explain(keyword: string, params: Record<string, unknown>, fallback: string | undefined): string {
  if (keyword === 'additionalProperties') return 'is not a known field';
  if (keyword === 'required') return 'is required';
  if (keyword === 'enum' && Array.isArray(params['allowedValues']))
    return `must be one of ${params['allowedValues'].join(', ')}`;
  return fallback ?? 'is not valid';
}

function matches(pattern: string, path: string): boolean {
  const wanted = pattern.split('/');
  const given = path.replace(/\/+$/, '').split('/');
  if (pattern.endsWith('*')) return path.startsWith(pattern.slice(0, -1));
  return wanted.length === given.length && wanted.every((part, index) => part.startsWith(':') || part === given[index]);
}
