import { traceIdOf } from './tracer.ts';

/** Traces of the requests under way, by request id: rooms pass that id to the audit, and need not know of traces. */
export interface TraceBook {
  /** @param traceparent W3C trace context of what the request causes. @returns what takes it out again. */
  note(requestId: string, traceparent: string): () => void;
  /** Undefined for a request that is not traced, or over. */
  traceIdOf(requestId: string): string | undefined;
}

export function createTraceBook(): TraceBook {
  const traces = new Map<string, string>();
  return {
    note(requestId, traceparent) {
      traces.set(requestId, traceparent);
      return () => {
        // A caller may use one id for two requests; the later one stands.
        if (traces.get(requestId) === traceparent) traces.delete(requestId);
      };
    },
    traceIdOf(requestId) {
      // Mostly nobody sends any, and looking up a text that is new costs its hash.
      if (traces.size === 0) return undefined;
      const traceparent = traces.get(requestId);
      return traceparent === undefined ? undefined : traceIdOf(traceparent);
    },
  };
}
