import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Tracer, traceIdOf } from '../telemetry/telemetry.ts';
import type { App } from './fastify-types.ts';

// W3C Trace Context §3.2.2: no version ff, no ids of zeros only.
const traceparentForm = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/**
 * Gives each request its trace: a span of the hub's own where there is a tracer, else what the caller sent, which is passed on as it
 * is. Log lines of the request carry its id.
 */
export function registerTracing(app: App, tracer: Tracer | null): void {
  app.decorateRequest('response');
  app.decorateRequest('traceparent');
  app.addHook('onRequest', (request, reply, done) => {
    request.response = reply.raw;
    const given = request.headers['traceparent'];
    // An ill-formed header starts a new trace instead of failing the request.
    const caller = typeof given === 'string' && traceparentForm.test(given) ? given : undefined;
    request.traceparent =
      tracer === null || request.routeOptions.config.untraced === true
        ? caller
        : startSpan(tracer, caller, request, reply);
    if (request.traceparent !== undefined) request.log = request.log.child({ traceId: traceIdOf(request.traceparent) });
    done();
  });
}

function startSpan(tracer: Tracer, parent: string | undefined, request: FastifyRequest, reply: FastifyReply): string {
  const { method } = request;
  // Only the route's pattern: a path can carry a webhook secret.
  const route = request.routeOptions.url;
  const span = tracer.start(route === undefined ? method : `${method} ${route}`, {
    kind: 'server',
    parent,
    attributes: { 'http.request.method': method, 'http.route': route, 'inthub.request.id': request.id },
  });
  reply.raw.once('close', () => {
    const { statusCode } = reply;
    const error = reply.raw.writableFinished ? (statusCode >= 500 ? String(statusCode) : undefined) : 'cancelled';
    span.end({ attributes: { 'http.response.status_code': statusCode }, error });
  });
  return span.traceparent;
}
