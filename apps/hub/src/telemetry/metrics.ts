import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** Call durations: from a cached answer (below 1 ms) to the longest deadline (5 min). */
const durationBucketsMs = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 300_000];
const durationBucketsSeconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
/** A sync runs from seconds to hours. */
const syncBucketsMs = [100, 1_000, 5_000, 15_000, 60_000, 300_000, 900_000, 3_600_000, 14_400_000];

/** The hub's metrics (API-6). Names and labels are promises to dashboards: never renamed, no label added. */
export interface Metrics {
  readonly registry: Registry;
  /** `status`: healthy, degraded, unhealthy, skipped. `provider` is the connector id. */
  readonly healthChecks: Counter<'provider' | 'status'>;
  readonly testConnectionSeconds: Histogram<'provider'>;
  readonly annotations: Counter<'provider' | 'operation' | 'status'>;
  readonly annotationSeconds: Histogram<'provider' | 'operation'>;
  /** `status`: success or error; every call once, whichever stage refused it. */
  readonly requests: Counter<'tenant' | 'connector' | 'action' | 'status'>;
  readonly requestDurationMs: Histogram<'tenant' | 'connector' | 'action'>;
  readonly errors: Counter<'tenant' | 'connector' | 'action' | 'error_code'>;
  /** 0 closed, 1 half-open, 2 open; the worst of the tenant's integrations of this connector. */
  readonly circuitState: Gauge<'tenant' | 'connector'>;
  /** What the provider's own headers last said is left. */
  readonly rateLimitRemaining: Gauge<'tenant' | 'connector'>;
  readonly credentialExpirySeconds: Gauge<'tenant' | 'connector'>;
  readonly webhookDeliveries: Counter<'tenant' | 'subscription' | 'status'>;
  readonly webhookDeliveryDurationMs: Histogram<'tenant' | 'subscription'>;
  readonly syncDurationMs: Histogram<'tenant' | 'connector'>;
  /** `direction`: in or out. */
  readonly syncItems: Counter<'tenant' | 'connector' | 'direction'>;
  /** The text of `GET /metrics`, and its content type. */
  render(): Promise<string>;
  readonly contentType: string;
}

/** A registry of its own, so that several hubs (tests) live in one process. @param options.process Also report the process's memory, CPU and event loop; default false. */
export function createMetrics(options: { readonly process?: boolean } = {}): Metrics {
  const registry = new Registry();
  if (options.process === true) collectDefaultMetrics({ register: registry });
  const registers = [registry];
  return {
    registry,
    healthChecks: new Counter({
      name: 'integrations_health_check_total',
      help: 'Health checks of integrations.',
      labelNames: ['provider', 'status'],
      registers,
    }),
    testConnectionSeconds: new Histogram({
      name: 'integrations_test_connection_duration_seconds',
      help: 'Duration of connection tests.',
      labelNames: ['provider'],
      buckets: durationBucketsSeconds,
      registers,
    }),
    annotations: new Counter({
      name: 'scm_annotation_total',
      help: 'Comments, statuses and check runs posted to source control.',
      labelNames: ['provider', 'operation', 'status'],
      registers,
    }),
    annotationSeconds: new Histogram({
      name: 'scm_annotation_duration_seconds',
      help: 'Duration of source-control annotations.',
      labelNames: ['provider', 'operation'],
      buckets: durationBucketsSeconds,
      registers,
    }),
    requests: new Counter({
      name: 'connector_requests_total',
      help: 'Calls through the gateway, refused ones included.',
      labelNames: ['tenant', 'connector', 'action', 'status'],
      registers,
    }),
    requestDurationMs: new Histogram({
      name: 'connector_request_duration_ms',
      help: 'Duration of calls through the gateway.',
      labelNames: ['tenant', 'connector', 'action'],
      buckets: durationBucketsMs,
      registers,
    }),
    errors: new Counter({
      name: 'connector_errors_total',
      help: 'Failed calls by error code.',
      labelNames: ['tenant', 'connector', 'action', 'error_code'],
      registers,
    }),
    circuitState: new Gauge({
      name: 'connector_circuit_state',
      help: 'Circuit breaker: 0 closed, 1 half-open, 2 open.',
      labelNames: ['tenant', 'connector'],
      registers,
    }),
    rateLimitRemaining: new Gauge({
      name: 'connector_rate_limit_remaining',
      help: "What is left of the provider's rate limit.",
      labelNames: ['tenant', 'connector'],
      registers,
    }),
    credentialExpirySeconds: new Gauge({
      name: 'connector_credential_expiry_seconds',
      help: 'Seconds until the credential expires.',
      labelNames: ['tenant', 'connector'],
      registers,
    }),
    webhookDeliveries: new Counter({
      name: 'connector_webhook_deliveries_total',
      help: 'Outgoing webhook deliveries.',
      labelNames: ['tenant', 'subscription', 'status'],
      registers,
    }),
    webhookDeliveryDurationMs: new Histogram({
      name: 'connector_webhook_delivery_duration_ms',
      help: 'Duration of outgoing webhook deliveries.',
      labelNames: ['tenant', 'subscription'],
      buckets: durationBucketsMs,
      registers,
    }),
    syncDurationMs: new Histogram({
      name: 'connector_sync_duration_ms',
      help: 'Duration of syncs.',
      labelNames: ['tenant', 'connector'],
      buckets: syncBucketsMs,
      registers,
    }),
    syncItems: new Counter({
      name: 'connector_sync_items_total',
      help: 'Items that syncs moved.',
      labelNames: ['tenant', 'connector', 'direction'],
      registers,
    }),
    render: () => registry.metrics(),
    contentType: registry.contentType,
  };
}
