import type {
  ConnectorCategory,
  CredentialKind,
  HealthStatus,
  Integration,
  IntegrationConfig,
  IntegrationStatus,
  LifecycleState,
  RateLimits,
} from '@inthub/contracts';

/** An integration as it is stored; the API's shape adds usage. */
export interface IntegrationRecord {
  readonly id: string;
  readonly tenantId: string;
  readonly type: string;
  readonly category: ConnectorCategory;
  readonly connectorId: string;
  readonly connectorVersion: string;
  readonly name: string;
  readonly description: string | null;
  readonly config: IntegrationConfig;
  readonly authRef: string | null;
  readonly credentialKind: CredentialKind | null;
  readonly environment: string | null;
  readonly tags: readonly string[];
  readonly ownerId: string | null;
  readonly status: IntegrationStatus;
  readonly statusReason: LifecycleState['statusReason'];
  readonly pauseReason: string | null;
  readonly pauseTicket: string | null;
  readonly approvedBy: string | null;
  readonly health: HealthStatus;
  readonly lastTestedAt: Date | null;
  readonly lastTestSuccess: boolean | null;
  readonly lastError: string | null;
  readonly consecutiveFailures: number;
  readonly features: Integration['features'];
  readonly rateLimits: RateLimits;
  readonly createdAt: Date;
  readonly createdBy: string;
  readonly modifiedAt: Date;
  readonly modifiedBy: string;
  readonly version: number;
}

/** The part that the lifecycle table decides on. */
export function lifecycleOf(record: IntegrationRecord): LifecycleState {
  const { status, consecutiveFailures, statusReason, lastTestSuccess, approvedBy } = record;
  return { status, consecutiveFailures, statusReason, lastTestSuccess, approvedBy };
}

/** Names of the fields that differ. */
export function changedFields(before: IntegrationRecord, after: IntegrationRecord): (keyof IntegrationRecord)[] {
  const fields = Object.keys(after) as (keyof IntegrationRecord)[];
  return fields.filter((field) => !isSame(before[field], after[field]));
}

/** Dates by their time, objects by their content. */
export function isSame(a: unknown, b: unknown): boolean {
  if (a instanceof Date && b instanceof Date) return a.getTime() === b.getTime();
  return a === b || (typeof a === 'object' && typeof b === 'object' && sorted(a) === sorted(b));
}

/** jsonb keeps no order of keys, so order is no difference. */
function sorted(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) =>
    typeof item === 'object' && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : item,
  );
}
