import type { Principal } from '@inthub/contracts';

/** One line of the audit: who did what to which thing, and what changed. Values are redacted before they are stored. */
export interface AuditRecord {
  readonly actor: Pick<Principal, 'kind' | 'id' | 'name'>;
  /** `integration.create`, `credential.access`, `action.execute`, … (imperative, unlike events). */
  readonly action: string;
  readonly target: { readonly type: string; readonly id: string; readonly name?: string };
  readonly outcome: 'success' | 'failure' | 'denied';
  readonly requestId: string;
  readonly before?: unknown;
  readonly after?: unknown;
  readonly reason?: string;
  readonly ticket?: string;
  readonly approver?: string;
  /** Request and response metadata of an outside call, error code, … */
  readonly details?: Readonly<Record<string, unknown>>;
}

export interface AuditEntry extends AuditRecord {
  readonly id: string;
  readonly seq: number;
  readonly at: string;
  /** SHA-256 of the entry and everything before it, hexadecimal. */
  readonly hash: string;
}

/** Newest first. `since` is included, `until` is not; both ISO 8601. */
export interface AuditQuery {
  readonly cursor?: string;
  readonly limit: number;
  readonly action?: string;
  readonly actorId?: string;
  readonly targetId?: string;
  readonly since?: string;
  readonly until?: string;
}

/** What a walk over the chain found. `firstBroken` is the first entry that does not fit what came before it. */
export interface AuditVerification {
  readonly intact: boolean;
  /** Entries that fit. */
  readonly entries: number;
  readonly firstBroken: { readonly seq: number; readonly problem: string } | null;
  /**
   * Where the chain ends. Written down elsewhere, it later proves that the whole chain was not put back to an older state, the one
   * change that the database alone cannot show.
   */
  readonly head: { readonly seq: number; readonly hash: string } | null;
}
