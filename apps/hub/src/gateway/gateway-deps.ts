import type { Clock, Principal, RateLimits, TenantId } from '@inthub/contracts';
import type { AuditRecord, UnsealedEntry } from '../audit/audit.ts';
import type { Egress } from '../egress/egress.ts';
import type { InstalledIntegration, Runtime } from '../runtime/runtime.ts';
import type { Log, Metrics, Tracer } from '../telemetry/telemetry.ts';
import type { ResolvedCredential, ResolveRequest } from '../vault/vault.ts';
import type { BudgetLedger } from './budget/budget-ledger.ts';
import type { MaybePromise } from './maybe-promise.ts';
import type { CircuitStore } from './stores/circuit-store.ts';
import type { IdempotencyStore } from './stores/idempotency-store.ts';
import type { LimitStore } from './stores/limit-store.ts';

/** What a call added to an integration's usage since the last flush. */
export interface UsageDelta {
  readonly tenantId: TenantId;
  readonly integrationId: string;
  readonly requests: number;
  readonly errors: number;
  readonly totalLatencyMs: number;
  readonly apiCalls: number;
  readonly tokensUsed: number;
  readonly lastActivityAt: string;
}

export interface GatewayStores {
  readonly circuits: CircuitStore;
  readonly limits: LimitStore;
  readonly idempotency: IdempotencyStore;
}

export interface GatewayDeps {
  /**
   * The integration with its grant, as of now; the same object for the same row version, so that what is worked out of it is kept.
   * @throws HubError `not_found`
   */
  findIntegration(tenantId: TenantId, id: string): MaybePromise<InstalledIntegration>;
  /** The vault. */
  resolveCredential(request: ResolveRequest): MaybePromise<ResolvedCredential>;
  readonly egress: Pick<Egress, 'client'>;
  readonly runtime: Runtime;
  /** Appends to the tenant's audit, all or nothing. While it fails, calls are accepted until the queue is full, then refused. */
  writeAudit(tenantId: TenantId, records: readonly (AuditRecord | UnsealedEntry)[]): Promise<void>;
  /** Makes a record smaller while it waits to be written. Default: it waits as it is. */
  readonly prepareAudit?: ((tenantId: TenantId, record: AuditRecord) => AuditRecord | UnsealedEntry) | undefined;
  /** Adds to the usage counters, all or nothing: deltas of one tenant. What fails is kept and added to the next batch. */
  onUsage(batch: readonly UsageDelta[]): Promise<void>;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly log: Log;
  /** Default: calls are not traced. */
  readonly tracer?: Tracer;
  /** Default: memory, for this process. */
  readonly stores?: GatewayStores;
  /** Counts what `InstalledIntegration.budgets` limit. Default: nobody does. */
  readonly budgets?: BudgetLedger;
  readonly limits?: {
    /** For one tenant; default 60 000 a minute, 1 000 at once. */
    readonly tenant?: RateLimits;
    /** For an integration that names none; default 6 000 a minute, 100 at once. */
    readonly integration?: RateLimits;
  };
  readonly auditQueue?: {
    /** Records waiting for one tenant, calls in flight included; default 10 000. */
    readonly maxPerTenant?: number;
    /** The same for all tenants together; default 50 000. */
    readonly max?: number;
  };
  /** Told of each stage before it runs; for tests. */
  observeStage?(stage: string, call: { readonly requestId: string; readonly principal: Principal }): void;
}
