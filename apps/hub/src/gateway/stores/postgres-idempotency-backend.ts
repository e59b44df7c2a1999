import type { TenantId } from '@inthub/contracts';
import type { Database } from '../../database/database.ts';
import type { IdempotencyBackend } from './idempotency-backend.ts';
import { claimKey, endClaim, isKeyRunning } from './idempotency-repository.ts';

export interface PostgresIdempotencyBackendOptions {
  readonly database: Database;
  /** For tests: epoch milliseconds instead of the server's time. */
  readonly nowMs?: () => number;
}

/** Idempotency keys in PostgreSQL: each claim and each end is a committed transaction. */
export function createPostgresIdempotencyBackend(options: PostgresIdempotencyBackendOptions): IdempotencyBackend {
  const { database, nowMs } = options;
  const time = () => (nowMs === undefined ? null : new Date(nowMs()));

  function split(full: string): { tenantId: TenantId; key: string } {
    const slash = full.indexOf('/');
    return { tenantId: full.slice(0, slash) as TenantId, key: full.slice(slash + 1) };
  }

  return {
    claim(request, owner) {
      const { tenantId, key } = split(request.key);
      return database.tenant(tenantId, (tx) => claimKey(tx, { ...request, key, owner, now: time() }));
    },
    end(full, owner, end) {
      const { tenantId, key } = split(full);
      return database.tenant(tenantId, (tx) => endClaim(tx, { key, owner, now: time() }, end));
    },
    isRunning(full) {
      const { tenantId, key } = split(full);
      return database.tenant(tenantId, (tx) => isKeyRunning(tx, { key, now: time() }));
    },
  };
}
