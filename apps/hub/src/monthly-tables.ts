import type { KeptTable } from './database/database.ts';

/** Events and the audit stay until an operator decides otherwise; health history serves windows of up to 30 days. */
export const monthlyTables: readonly KeptTable[] = [
  { name: 'events', keepDays: null },
  { name: 'audit_entries', keepDays: null },
  { name: 'health_samples', keepDays: 90 },
  { name: 'inbound_deliveries', keepDays: 30 },
  { name: 'webhook_deliveries', keepDays: 30 },
  { name: 'webhook_attempts', keepDays: 30 },
];
