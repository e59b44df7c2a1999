import { expect, it } from 'vitest';
import { createMetrics } from './metrics.ts';

// Pin: dashboards and alerts are written against these names, types and labels (API-6).
const promised: Record<string, [type: string, labels: string[]]> = {
  integrations_health_check_total: ['counter', ['provider', 'status']],
  integrations_test_connection_duration_seconds: ['histogram', ['provider']],
  scm_annotation_total: ['counter', ['provider', 'operation', 'status']],
  scm_annotation_duration_seconds: ['histogram', ['provider', 'operation']],
  connector_requests_total: ['counter', ['tenant', 'connector', 'action', 'status']],
  connector_request_duration_ms: ['histogram', ['tenant', 'connector', 'action']],
  connector_errors_total: ['counter', ['tenant', 'connector', 'action', 'error_code']],
  connector_circuit_state: ['gauge', ['tenant', 'connector']],
  connector_rate_limit_remaining: ['gauge', ['tenant', 'connector']],
  connector_credential_expiry_seconds: ['gauge', ['tenant', 'connector']],
  connector_webhook_deliveries_total: ['counter', ['tenant', 'subscription', 'status']],
  connector_webhook_delivery_duration_ms: ['histogram', ['tenant', 'subscription']],
  connector_sync_duration_ms: ['histogram', ['tenant', 'connector']],
  connector_sync_items_total: ['counter', ['tenant', 'connector', 'direction']],
};

it('has exactly the promised metrics with their types and labels', () => {
  const metrics = createMetrics();

  const found = Object.fromEntries(
    metrics.registry.getMetricsAsArray().map((metric) => {
      const { name, type, labelNames } = metric as unknown as { name: string; type: string; labelNames: string[] };
      return [name, [type, labelNames]];
    }),
  );

  expect(found).toEqual(promised);
});

it('renders what was counted in the Prometheus text format', async () => {
  const metrics = createMetrics();

  metrics.requests.inc({ tenant: 't1', connector: 'oci', action: 'tag.list', status: 'success' });

  expect(await metrics.render()).toContain(
    'connector_requests_total{tenant="t1",connector="oci",action="tag.list",status="success"} 1',
  );
  expect(metrics.contentType).toMatch(/^text\/plain/);
});

it('keeps registries apart, and adds process metrics only when asked', async () => {
  const one = createMetrics();
  const other = createMetrics({ process: true });

  one.requests.inc({ tenant: 't1', connector: 'oci', action: 'tag.list', status: 'success' });

  expect(await other.render()).not.toContain('connector_requests_total{');
  expect(await other.render()).toContain('process_cpu_seconds_total');
  expect(await one.render()).not.toContain('process_cpu_seconds_total');
});
