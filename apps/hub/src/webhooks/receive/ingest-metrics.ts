import { Counter, Gauge, Histogram } from 'prom-client';
import type { Metrics } from '../../telemetry/telemetry.ts';

/** Names and labels are promises to dashboards: never renamed, no label added. */
export interface IngestMetrics {
  /** `status`: accepted, duplicate, handshake, or why it was refused. `connector` is `unknown` for what is for nobody. */
  readonly deliveries: Counter<'connector' | 'status'>;
  /** From the last byte of the delivery to the commit. */
  readonly storeMs: Histogram<'connector'>;
  /** `status`: translated, untranslated, dead, retried. */
  readonly translations: Counter<'connector' | 'status'>;
}

const bucketsMs = [0.5, 1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000];

/** @param waiting How many deliveries wait to be stored, asked when metrics are read. */
export function createIngestMetrics({ registry }: Pick<Metrics, 'registry'>, waiting: () => number): IngestMetrics {
  const registers = [registry];
  new Gauge({
    name: 'webhook_ingest_waiting',
    help: 'Deliveries that wait to be stored.',
    registers,
    collect() {
      this.set(waiting());
    },
  });
  return {
    deliveries: new Counter({
      name: 'webhook_ingest_total',
      help: 'Webhook deliveries that arrived, refused ones included.',
      labelNames: ['connector', 'status'],
      registers,
    }),
    storeMs: new Histogram({
      name: 'webhook_ingest_duration_ms',
      help: 'Time from a delivery being received to it being stored.',
      labelNames: ['connector'],
      buckets: bucketsMs,
      registers,
    }),
    translations: new Counter({
      name: 'webhook_translations_total',
      help: 'Stored deliveries that were looked into.',
      labelNames: ['connector', 'status'],
      registers,
    }),
  };
}
