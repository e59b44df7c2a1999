import type { TenantId } from '@inthub/contracts';
import type { Database } from '../../database/database.ts';
import type { CircuitBackend } from './circuit-backend.ts';
import { type CircuitName, findCircuit, findCircuits, readTime, swapCircuit } from './circuit-repository.ts';

export interface PostgresCircuitBackendOptions {
  readonly database: Database;
  /** For tests: epoch milliseconds instead of the server's time. */
  readonly nowMs?: () => number;
}

/** Breakers in PostgreSQL; rows exist only of those that have seen trouble. */
export function createPostgresCircuitBackend({ database, nowMs }: PostgresCircuitBackendOptions): CircuitBackend {
  const time = (servers: number) => nowMs?.() ?? servers;

  return {
    async load(keys) {
      const { nowMs: servers, found } = await database.system('inthub_scheduler', (tx) =>
        findCircuits(tx, keys.map(nameOf)),
      );
      const circuits = new Map(
        found.map(({ tenantId, integrationId, circuit }) => [`${tenantId}/${integrationId}`, circuit] as const),
      );
      return { nowMs: time(servers), circuits };
    },

    save(key, circuit) {
      const { tenantId, integrationId } = nameOf(key);
      return database.tenant(tenantId as TenantId, async (tx) => {
        const [servers, saved] = await Promise.all([readTime(tx), swapCircuit(tx, integrationId, circuit)]);
        if (saved) return { saved, nowMs: time(servers) };
        return { saved, nowMs: time(servers), current: await findCircuit(tx, integrationId) };
      });
    },
  };
}

function nameOf(key: string): CircuitName {
  const slash = key.indexOf('/');
  return { tenantId: key.slice(0, slash), integrationId: key.slice(slash + 1) };
}
