import { createMetrics, type Metrics } from './metrics.ts';

export { createTracer } from './create-tracer.ts';
export type { Log } from './log.ts';
export { createLogger } from './logger.ts';
export type { Metrics } from './metrics.ts';
export { createRedactor, type Redactor } from './redaction.ts';
export { createTraceBook, type TraceBook } from './trace-book.ts';
export { type Span, type Tracer, traceIdOf } from './tracer.ts';

/** What the hub tells about itself. */
export interface Telemetry {
  readonly metrics: Metrics;
}

/** @param options.processMetrics Also report memory, CPU and event loop of this process; default false. */
export function createTelemetry(options: { readonly processMetrics?: boolean } = {}): Telemetry {
  return { metrics: createMetrics({ process: options.processMetrics ?? false }) };
}
