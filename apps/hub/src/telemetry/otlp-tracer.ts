import type { Clock } from '@inthub/contracts';
import {
  type Context,
  type Span as OtelSpan,
  ROOT_CONTEXT,
  SpanKind,
  type SpanOptions,
  SpanStatusCode,
  type TimeInput,
  trace,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { BatchSpanProcessor, type ReadableSpan, type SpanExporter, TracerProvider } from '@opentelemetry/sdk-trace';
import type { Log } from './log.ts';
import type { Span, SpanStart, Tracer, TracerOptions } from './tracer.ts';

/** Finished spans that wait; beyond, new ones are dropped: a collector that is away must not cost the hub its memory. */
const maxQueueSize = 4_096;
const maxExportBatchSize = 512;
const exportEveryMs = 2_000;
const exportTimeoutMs = 5_000;
const closeWithinMs = 3_000;
const complainEveryMs = 60_000;
/** A wall clock that was set moves the spans from then on; one that merely ticks coarser than the other does not. */
const clockStepMs = 5;

const kinds = { server: SpanKind.SERVER, internal: SpanKind.INTERNAL, client: SpanKind.CLIENT } as const;

export function createOtlpTracer(options: TracerOptions): Tracer {
  const { endpoint, version, clock, log } = options;
  const exporter = quiet(
    new OTLPTraceExporter({
      url: `${endpoint.replace(/\/+$/, '')}/v1/traces`,
      timeoutMillis: exportTimeoutMs,
      concurrencyLimit: 4,
    }),
    { clock, log },
  );
  const provider = new TracerProvider({
    resource: resourceOf({ 'service.name': 'inthub', 'service.version': version }),
    spanLimits: { attributeCountLimit: 32, attributeValueLengthLimit: 256 },
    spanProcessors: [
      new BatchSpanProcessor({
        exporter,
        maxQueueSize,
        maxExportBatchSize,
        scheduledDelayMillis: exportEveryMs,
        exportTimeoutMillis: exportTimeoutMs + 1_000,
      }),
    ],
    // The default sampler: what the caller has decided; a new trace is recorded.
  });
  const tracer = provider.getTracer('inthub', version);

  let offsetMs = clock.now().getTime() - clock.monotonicMs();
  function timeOf(monotonicMs: number): TimeInput {
    const present = clock.now().getTime() - clock.monotonicMs();
    if (Math.abs(present - offsetMs) > clockStepMs) offsetMs = present;
    const ms = monotonicMs + offsetMs;
    const seconds = Math.floor(ms / 1_000);
    return [seconds, Math.round((ms - seconds * 1_000) * 1e6)];
  }

  function start(name: string, { kind = 'internal', parent, startMs, attributes }: SpanStart = {}): Span {
    const given: SpanOptions = { kind: kinds[kind], startTime: timeOf(startMs ?? clock.monotonicMs()) };
    if (attributes !== undefined) given.attributes = attributes;
    return spanOf(tracer.startSpan(name, given, parent === undefined ? ROOT_CONTEXT : contextOf(parent)));
  }

  function spanOf(span: OtelSpan): Span {
    const { traceId, spanId, traceFlags } = span.spanContext();
    return {
      traceparent: `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`,
      traceId,
      isRecording: span.isRecording(),
      end({ name, attributes, error, endMs } = {}) {
        if (name !== undefined) span.updateName(name);
        if (attributes !== undefined) span.setAttributes(attributes);
        if (error !== undefined) {
          span.setAttribute('error.type', error);
          span.setStatus({ code: SpanStatusCode.ERROR, message: error });
        }
        span.end(timeOf(endMs ?? clock.monotonicMs()));
      },
    };
  }

  return {
    start,
    async close() {
      const patience = new AbortController();
      const late = clock.sleep(closeWithinMs, patience.signal).catch(() => undefined);
      await Promise.race([provider.shutdown().catch(() => undefined), late]);
      patience.abort(null);
    },
  };
}

/** W3C Trace Context §3.2; the caller has looked at its form. */
function contextOf(traceparent: string): Context {
  const [, traceId = '', spanId = '', flags = '00'] = traceparent.split('-');
  return trace.setSpanContext(ROOT_CONTEXT, {
    traceId,
    spanId,
    // Of the flags only "sampled" is known.
    traceFlags: Number.parseInt(flags, 16) & 1,
    isRemote: true,
  });
}

/** An exporter whose failures are told once a minute and hurt nobody: the spans are lost, the calls are not. */
function quiet(exporter: SpanExporter, { clock, log }: { clock: Clock; log: Log }): SpanExporter {
  let complainedAtMs = Number.NEGATIVE_INFINITY;
  let lost = 0;
  return {
    export(spans: ReadableSpan[], done) {
      exporter.export(spans, ({ code, error }) => {
        if (code !== 0) {
          lost += spans.length;
          const nowMs = clock.monotonicMs();
          if (nowMs - complainedAtMs >= complainEveryMs) {
            complainedAtMs = nowMs;
            log.warn({ err: error, spans: lost }, 'traces could not be sent to the collector');
            lost = 0;
          }
        }
        done({ code: 0 });
      });
    },
    shutdown: () => exporter.shutdown(),
  };
}

/** What sends the spans. The SDK reads nothing else of a resource whose attributes are known from the start. */
function resourceOf(attributes: Readonly<Record<string, string>>) {
  const resource = {
    attributes,
    merge: () => resource,
    getRawAttributes: () => Object.entries(attributes),
  };
  return resource;
}
