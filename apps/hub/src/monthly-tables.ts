import type { RetentionKind } from './database/database.ts';

/**
 * What is kept by months, and how long unless an operator decides otherwise (`PUT /api/v1/retention/{kind}`). Health history serves
 * windows of up to 30 days.
 */
export const retentionKinds: readonly RetentionKind[] = [
  { kind: 'events', tables: ['events'], defaultDays: 90, leastDays: 7 },
  { kind: 'audit', tables: ['audit_entries'], defaultDays: null, leastDays: 30 },
  { kind: 'health', tables: ['health_samples'], defaultDays: 90, leastDays: 30 },
  { kind: 'inbound_webhooks', tables: ['inbound_deliveries', 'inbound_bodies'], defaultDays: 30, leastDays: 7 },
  { kind: 'deliveries', tables: ['webhook_deliveries', 'webhook_attempts'], defaultDays: 30, leastDays: 7 },
  { kind: 'dead_letters', tables: ['dead_letters'], defaultDays: 90, leastDays: 1 },
];
