// Traces in the hub's own words; what they are made with is known to otlp-tracer.ts only, which is not even loaded without a collector.
import type { Clock } from '@inthub/contracts';
import type { Log } from './log.ts';

export type SpanAttributes = Readonly<Record<string, string | number | boolean | undefined>>;

export interface SpanStart {
  /** Default `internal`. */
  readonly kind?: 'server' | 'internal' | 'client';
  /** W3C `traceparent` of the span above; a new trace begins without one. Whether that one is sampled decides for this one too. */
  readonly parent?: string | undefined;
  /** `Clock.monotonicMs` value; default now. */
  readonly startMs?: number;
  /** Never a secret, a path or a query: those can hold one. */
  readonly attributes?: SpanAttributes;
}

export interface SpanEnd {
  /** Replaces the name, where it is known only now. */
  readonly name?: string;
  readonly attributes?: SpanAttributes;
  /** Error code: marks the span as failed. */
  readonly error?: string | undefined;
  /** `Clock.monotonicMs` value; default now. */
  readonly endMs?: number;
}

export interface Span {
  /** What is sent on: trace, this span, sampled or not. */
  readonly traceparent: string;
  readonly traceId: string;
  /** False where the caller does not sample its trace: attributes are not worth making. */
  readonly isRecording: boolean;
  end(ending?: SpanEnd): void;
}

export interface Tracer {
  start(name: string, start?: SpanStart): Span;
  /** Sends what is left, for 3 s at most. */
  close(): Promise<void>;
}

export interface TracerOptions {
  /** `OTEL_EXPORTER_OTLP_ENDPOINT`: the collector's base URL, to which `/v1/traces` is added. */
  readonly endpoint: string;
  readonly version: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** Trace id of a well-formed `traceparent`. */
export function traceIdOf(traceparent: string): string {
  return traceparent.slice(3, 35);
}
