import type { TenantId } from '@inthub/contracts';
import type { Transaction } from 'kysely';

/**
 * A transaction in which row-level security shows exactly one tenant's rows. Repositories take this, never a pool.
 * A repository names its tables with `tx.db.withTables<...>()`.
 */
export interface TenantTx {
  readonly tenantId: TenantId;
  // biome-ignore lint/complexity/noBannedTypes: no table is known until a repository names its own with withTables().
  readonly db: Transaction<{}>;
  /** Runs after a successful commit (cache invalidation, wake-ups); errors are logged, never thrown. */
  afterCommit(effect: () => void): void;
  /**
   * The next query is the last of the work: COMMIT travels with it instead of a round trip later, in which the database would wait for a busy
   * process. Work that throws after that query has succeeded undoes nothing any more.
   */
  commitBehindNext(): void;
  /** Nothing that the work wrote has to be kept, mostly because it has only read: its result need not wait for the end of the transaction. */
  wroteNothing(): void;
}

/**
 * A transaction under one of the narrow roles for work that spans tenants; the role's own policies say which rows and columns
 * it sees. There is no role that sees everything.
 */
export interface SystemTx {
  // biome-ignore lint/complexity/noBannedTypes: see TenantTx.
  readonly db: Transaction<{}>;
  afterCommit(effect: () => void): void;
  /** As {@link TenantTx.commitBehindNext}. */
  commitBehindNext(): void;
  /** As {@link TenantTx.wroteNothing}. */
  wroteNothing(): void;
}

/**
 * The narrow roles. `inthub_auth` finds the key or user that a request presents; `inthub_scheduler` claims due health checks;
 * `inthub_platform` manages tenants; `inthub_dispatcher` queues and sends outgoing webhooks; `inthub_relay` carries events to their
 * consumers; `inthub_ingest` stores what arrives from outside products and hands it out for translation.
 */
export const systemRoles = [
  'inthub_auth',
  'inthub_scheduler',
  'inthub_platform',
  'inthub_dispatcher',
  'inthub_relay',
  'inthub_ingest',
] as const;
export type SystemRole = (typeof systemRoles)[number];

export interface Database {
  /** Runs `work` in one transaction scoped to a tenant; commits when it resolves, rolls back when it throws. */
  tenant<T>(tenantId: TenantId, work: (tx: TenantTx) => Promise<T>): Promise<T>;
  /** The same under a narrow system role. */
  system<T>(role: SystemRole, work: (tx: SystemTx) => Promise<T>): Promise<T>;
  /** Cheap liveness probe for /readyz. @throws HubError `unavailable` */
  ping(): Promise<void>;
  close(): Promise<void>;
}
