import type { LifecycleEventType } from '@inthub/contracts';
import type { IntegrationRecord } from './integration-record.ts';

/** A fact about an integration, before it gets its envelope. */
export interface ChangeEvent {
  readonly type: LifecycleEventType;
  readonly data: Readonly<Record<string, unknown>>;
}

/**
 * The events that follow from what a change made of status and health, whoever made it: once for each real difference, none
 * otherwise.
 */
export function consequences(before: IntegrationRecord, after: IntegrationRecord): ChangeEvent[] {
  const events: ChangeEvent[] = [];
  if (before.status !== after.status) {
    const data = { from: before.status, to: after.status, reason: after.statusReason };
    if (before.status === 'pending_verification' && after.status === 'active') {
      events.push({ type: 'integration.activated', data: { approvedBy: after.approvedBy } });
    }
    events.push({ type: 'integration.status_changed', data });
  }
  if (before.health !== after.health) {
    const data = { from: before.health, to: after.health, error: after.lastError };
    events.push({ type: 'integration.health_changed', data });
    if (after.health === 'healthy') events.push({ type: 'integration.healthy', data });
    if (after.health === 'unhealthy') events.push({ type: 'integration.unhealthy', data });
  }
  return events;
}
