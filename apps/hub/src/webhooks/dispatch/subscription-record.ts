import type { SigningScheme, TenantId, WebhookKey, WebhookRetryPolicy, WebhookSubscription } from '@inthub/contracts';

/** What deliveries are made by. A change makes a new revision. */
export interface SubscriptionSettings {
  readonly url: string;
  readonly events: readonly string[];
  /** Integration ids or `hub`; null: all. */
  readonly sources: readonly string[] | null;
  readonly filter: Readonly<Record<string, unknown>> | null;
  /** Names only: the values are sealed. */
  readonly headerNames: readonly string[];
  readonly contentType: WebhookSubscription['contentType'];
  readonly signing: readonly SigningScheme[];
  readonly retryPolicy: WebhookRetryPolicy;
  readonly limits: { readonly perSecond: number | null; readonly concurrency: number };
  readonly ordering: { readonly key: string; readonly onExhausted: 'block' | 'park' } | null;
  readonly onChange: 'keep' | 'use-latest' | 'drop';
  readonly disabling: {
    readonly windowMinutes: number;
    readonly failureRate: number;
    readonly minAttempts: number;
  } | null;
  readonly timeoutMs: number;
}

export type DisabledReason = 'manual' | 'failure_rate' | 'gone';

export interface SubscriptionRecord {
  readonly tenantId: TenantId;
  readonly id: string;
  readonly name: string;
  readonly settings: SubscriptionSettings;
  readonly revision: number;
  readonly version: number;
  readonly active: boolean;
  readonly disabledReason: DisabledReason | null;
  readonly disabledAt: Date | null;
  readonly keys: readonly WebhookKey[];
  readonly createdAt: Date;
  readonly createdBy: string;
  readonly modifiedAt: Date;
  readonly modifiedBy: string;
}

export interface EndpointRecord {
  readonly failing: boolean;
  readonly consecutiveFailures: number;
  readonly blockedUntil: Date | null;
  readonly totalDeliveries: number;
  readonly totalFailures: number;
  readonly lastDeliveryAt: Date | null;
  readonly lastSuccessAt: Date | null;
  readonly lastError: string | null;
}

export const defaultSettings: Omit<SubscriptionSettings, 'url' | 'events'> = {
  sources: null,
  filter: null,
  headerNames: [],
  contentType: 'application/json',
  signing: ['standard'],
  retryPolicy: { preset: 'short' },
  limits: { perSecond: null, concurrency: 10 },
  ordering: null,
  onChange: 'use-latest',
  disabling: { windowMinutes: 1_440, failureRate: 0.95, minAttempts: 100 },
  timeoutMs: 15_000,
};

export function presentSubscription(record: SubscriptionRecord, endpoint: EndpointRecord): WebhookSubscription {
  const { settings } = record;
  return {
    id: record.id,
    name: record.name,
    url: settings.url,
    events: [...settings.events],
    sources: settings.sources === null ? null : [...settings.sources],
    filter: settings.filter,
    headerNames: [...settings.headerNames],
    contentType: settings.contentType,
    signing: [...settings.signing],
    retryPolicy: settings.retryPolicy,
    limits: settings.limits,
    ordering: settings.ordering,
    onChange: settings.onChange,
    disabling: settings.disabling,
    timeoutMs: settings.timeoutMs,
    active: record.active,
    disabledReason: record.disabledReason,
    disabledAt: record.disabledAt?.toISOString() ?? null,
    keys: [...record.keys],
    revision: record.revision,
    version: record.version,
    createdAt: record.createdAt.toISOString(),
    createdBy: record.createdBy,
    modifiedAt: record.modifiedAt.toISOString(),
    modifiedBy: record.modifiedBy,
    lastDeliveryAt: endpoint.lastDeliveryAt?.toISOString() ?? null,
    totalDeliveries: endpoint.totalDeliveries,
    totalFailures: endpoint.totalFailures,
    endpoint: {
      failing: endpoint.failing,
      consecutiveFailures: endpoint.consecutiveFailures,
      blockedUntil: endpoint.blockedUntil?.toISOString() ?? null,
      lastSuccessAt: endpoint.lastSuccessAt?.toISOString() ?? null,
      lastError: endpoint.lastError,
    },
  };
}
