import type { ApiKeyId, Clock, TenantId } from '@inthub/contracts';
import { LRUCache } from 'lru-cache';
import type { Database } from '../database/database.ts';
import type { Log } from '../telemetry/telemetry.ts';
import { type KeyUse, saveLastUsed } from './authentication-repository.ts';

const intervalMs = 60_000;

export interface LastUsedRecorder {
  /** Never waits and never throws; at most one write a key and minute. */
  touch(tenantId: TenantId, id: ApiKeyId): void;
  /** Waits for the write that is under way. */
  close(): Promise<void>;
}

/** Keeps `last_used_at` within a minute of the truth without making a request wait for it. */
export function createLastUsedRecorder(deps: { database: Database; clock: Clock; log: Log }): LastUsedRecorder {
  const { database, clock, log } = deps;
  const touchedMs = new LRUCache<ApiKeyId, number>({ max: 10_000 });
  let pending = new Map<ApiKeyId, KeyUse>();
  let writing: Promise<void> | undefined;

  async function write(): Promise<void> {
    while (pending.size > 0) {
      const uses = [...pending.values()];
      pending = new Map();
      try {
        await database.system('inthub_auth', (tx) => saveLastUsed(tx, uses));
      } catch (error) {
        // Only a convenience is lost; the next use of the key writes again.
        log.warn({ err: error, keys: uses.length }, 'time of last use of API keys could not be saved');
      }
    }
    writing = undefined;
  }

  return {
    touch(tenantId, id) {
      const nowMs = clock.monotonicMs();
      const lastMs = touchedMs.get(id);
      if (lastMs !== undefined && nowMs - lastMs < intervalMs) return;
      touchedMs.set(id, nowMs);
      pending.set(id, { tenantId, id, at: clock.now() });
      writing ??= write();
    },
    async close() {
      await writing;
    },
  };
}
