import type { FastifyReply, FastifyRequest } from 'fastify';
import { type TraceBook, type Tracer, traceIdOf } from '../telemetry/telemetry.ts';
import type { App } from './fastify-types.ts';

// W3C Trace Context §3.2.2: no version ff, no ids of zeros only.
const traceparentForm = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/**
 * Gives each request its trace: a span of the hub's own where there is a tracer, else what the caller sent, which is passed on as it
 * is. Log lines of the request carry its id.
 */
export function registerTracing(app: App, tracer: Tracer | null, traces: TraceBook): void {
  app.decorateRequest('response');
  app.decorateRequest('traceparent');
  app.decorateRequest('tracestate');
  app.addHook('onRequest', (request, reply, done) => {
    request.response = reply.raw;
    const given = request.headers['traceparent'];
    // An ill-formed header starts a new trace instead of failing the request.
    const caller = typeof given === 'string' && traceparentForm.test(given) ? given : undefined;
    request.traceparent =
      tracer === null || request.routeOptions.config.untraced === true
        ? caller
        : startSpan(tracer, caller, request, reply);
    if (request.traceparent !== undefined) {
      request.log = request.log.child({ traceId: traceIdOf(request.traceparent) });
      reply.raw.once('close', traces.note(request.id, request.traceparent));
      // What other vendors say of the trace goes with it, unchanged; without a traceparent of the caller's it belongs to nothing (§3.3).
      if (caller !== undefined) request.tracestate = stateOf(request.headers['tracestate']);
    }
    done();
  });
}

const longestState = 512;
const stateMember = /^[a-z0-9][a-z0-9_\-*/@]{0,255}=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{1,256}$/;

/** W3C Trace Context §3.3: a list that cannot be read, or is longer than everybody has to pass on, is left out whole. */
function stateOf(header: string | string[] | undefined): string | undefined {
  const text = Array.isArray(header) ? header.join(',') : header;
  if (text === undefined || text.length > longestState) return undefined;
  const members = text.split(',').map((member) => member.trim());
  const filled = members.filter((member) => member !== '');
  return filled.length > 0 && filled.length <= 32 && filled.every((member) => stateMember.test(member))
    ? text
    : undefined;
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
