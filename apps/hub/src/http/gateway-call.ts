import type { ServerResponse } from 'node:http';
import { HubError } from '@inthub/contracts';
import type { FastifyRequest } from 'fastify';

interface TraceContext {
  readonly traceparent?: string;
  readonly tracestate?: string;
}

/** What every gateway call takes from its HTTP request: trace context, and a signal that aborts when the client goes away. */
export function callOf(request: FastifyRequest): TraceContext & { signal: AbortSignal } {
  return { signal: callerAbort(request.response).signal, ...traceOf(request) };
}

/** The same for a call that can end early itself: one controller for both ends costs half. */
export function abortableCallOf(request: FastifyRequest): TraceContext & { abort: AbortController } {
  return { abort: callerAbort(request.response), ...traceOf(request) };
}

function traceOf({ traceparent, tracestate }: FastifyRequest): TraceContext {
  return {
    ...(traceparent === undefined ? {} : { traceparent }),
    ...(tracestate === undefined ? {} : { tracestate }),
  };
}

/**
 * Aborts when the connection ends before the answer does. Fastify's own `request.signal` does not serve: it listens to the request,
 * which Node closes as soon as its body is read.
 */
export function callerAbort(response: ServerResponse): AbortController {
  const caller = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) caller.abort(new HubError('cancelled'));
  });
  if (response.destroyed) caller.abort(new HubError('cancelled'));
  return caller;
}
