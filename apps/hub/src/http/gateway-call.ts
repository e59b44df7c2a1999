import type { ServerResponse } from 'node:http';
import type { FastifyRequest } from 'fastify';

/** What every gateway call takes from its HTTP request: trace context, and a signal that aborts when the client goes away. */
export function callOf({ response, traceparent, tracestate }: FastifyRequest): {
  signal: AbortSignal;
  traceparent?: string;
  tracestate?: string;
} {
  return {
    signal: callerSignal(response),
    ...(traceparent === undefined ? {} : { traceparent }),
    ...(tracestate === undefined ? {} : { tracestate }),
  };
}

/**
 * Aborts when the connection ends before the answer does. Fastify's own `request.signal` does not serve: it listens to the request,
 * which Node closes as soon as its body is read.
 */
function callerSignal(response: ServerResponse): AbortSignal {
  const caller = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) caller.abort();
  });
  if (response.destroyed) caller.abort();
  return caller.signal;
}
