import type { ConnectionProfile, IntegrationConfig } from '@inthub/contracts';

/** A connection profile as it is stored. */
export interface ProfileRecord {
  readonly id: string;
  readonly tenantId: string;
  readonly name: string;
  readonly type: string;
  readonly defaultConfig: Partial<IntegrationConfig>;
  readonly authRef: string | null;
  readonly isDefault: boolean;
  readonly lastUsedAt: Date | null;
  readonly createdAt: Date;
  readonly createdBy: string;
  readonly modifiedAt: Date;
  readonly modifiedBy: string;
  readonly version: number;
}

export function presentProfile(record: ProfileRecord): ConnectionProfile {
  return {
    ...record,
    defaultConfig: { ...record.defaultConfig },
    lastUsedAt: record.lastUsedAt?.toISOString() ?? null,
    createdAt: record.createdAt.toISOString(),
    modifiedAt: record.modifiedAt.toISOString(),
  };
}

/** The part that the audit keeps. */
export function profileAuditView({ name, type, defaultConfig, authRef, isDefault }: ProfileRecord) {
  return { name, type, defaultConfig, authRef, isDefault };
}
