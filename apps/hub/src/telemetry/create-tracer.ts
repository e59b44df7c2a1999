import type { Tracer, TracerOptions } from './tracer.ts';

/**
 * Sends spans to the operator's own collector (OTLP over HTTP, JSON). That is traffic of the platform, not of a tenant, so it does not
 * pass egress. Null without an endpoint: whoever asks for a span asks for the tracer first, and that is all that tracing then costs.
 */
export async function createTracer({
  endpoint,
  ...options
}: Omit<TracerOptions, 'endpoint'> & { readonly endpoint: string | null }): Promise<Tracer | null> {
  if (endpoint === null) return null;
  const { createOtlpTracer } = await import('./otlp-tracer.ts');
  return createOtlpTracer({ ...options, endpoint });
}
