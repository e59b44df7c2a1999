import type { Integration } from '@inthub/contracts';
import type { IntegrationRecord } from './integration-record.ts';
import type { UsageRecord } from './usage-repository.ts';

/** An integration as the API shows it. */
export function presentIntegration(record: IntegrationRecord, usage?: UsageRecord): Integration {
  const requests = usage?.totalRequests ?? 0;
  return {
    ...record,
    tags: [...record.tags],
    lastTestedAt: record.lastTestedAt?.toISOString() ?? null,
    usage: {
      totalRequests: requests,
      totalErrors: usage?.totalErrors ?? 0,
      averageLatencyMs: requests === 0 ? 0 : Math.round(((usage?.totalLatencyMs ?? 0) / requests) * 1000) / 1000,
      last24hRequests: usage?.last24hRequests ?? 0,
      lastActivityAt: usage?.lastActivityAt?.toISOString() ?? null,
    },
    createdAt: record.createdAt.toISOString(),
    modifiedAt: record.modifiedAt.toISOString(),
  };
}

const bookkeeping = ['id', 'tenantId', 'createdAt', 'createdBy', 'modifiedAt', 'modifiedBy', 'lastTestedAt'] as const;

/** The part of an integration that the audit keeps; `fields` narrows it to what changed. */
export function auditView(
  record: IntegrationRecord,
  fields?: readonly (keyof IntegrationRecord)[],
): Readonly<Record<string, unknown>> {
  const skipped: readonly string[] = bookkeeping;
  return Object.fromEntries(
    Object.entries(record).filter(
      ([name]) => !skipped.includes(name) && (fields === undefined || (fields as readonly string[]).includes(name)),
    ),
  );
}
