// Which store keeps what, for replicas that share a database.
import type { Clock } from '@inthub/contracts';
import type { Database } from '../../database/database.ts';
import type { Log } from '../../telemetry/telemetry.ts';
import type { GatewayStores } from '../gateway-deps.ts';
import { createDurableIdempotencyStore } from './durable-idempotency-store.ts';
import { createMemoryLimitStore } from './memory-limit-store.ts';
import { createPostgresCircuitBackend } from './postgres-circuit-backend.ts';
import { createPostgresIdempotencyBackend } from './postgres-idempotency-backend.ts';
import { createReplicatedCircuitStore } from './replicated-circuit-store.ts';
import { startStoreSweep } from './store-sweep.ts';
import { createValkeyCircuitBackend } from './valkey-circuit-backend.ts';
import type { ValkeyConnection } from './valkey-connection.ts';
import { createValkeyIdempotencyBackend } from './valkey-idempotency-backend.ts';
import { createValkeyLimitStore } from './valkey-limit-store.ts';

export interface OpenStoresDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Log;
}

/** Stores that hold connections, timers and things to write down. */
export interface OpenStores extends GatewayStores {
  /** Writes out what is pending; call it after the gateway's own `close`. */
  close(): Promise<void>;
}

/** Breakers and first results in PostgreSQL, shared and durable; limits in this process: each replica counts for itself. */
export function createPostgresStores(deps: OpenStoresDeps): OpenStores {
  const { database, clock, log } = deps;
  const circuits = createReplicatedCircuitStore({ backend: createPostgresCircuitBackend({ database }), clock, log });
  const idempotency = createDurableIdempotencyStore({
    backend: createPostgresIdempotencyBackend({ database }),
    clock,
    log,
  });
  const sweep = startStoreSweep(deps);
  return {
    circuits,
    limits: createMemoryLimitStore({ clock }),
    idempotency,
    async close() {
      await Promise.all([circuits.close(), idempotency.close(), sweep.close()]);
    },
  };
}

/**
 * Limits and breakers in Valkey. First results too where that server keeps what it was given; else in PostgreSQL, for a key that is
 * forgotten lets a call run twice. Closes the connection.
 */
export function createValkeyStores(deps: OpenStoresDeps & { readonly connection: ValkeyConnection }): OpenStores {
  const { connection, database, clock, log } = deps;
  const limits = createValkeyLimitStore({ connection, clock, log });
  const circuits = createReplicatedCircuitStore({ backend: createValkeyCircuitBackend({ connection }), clock, log });
  const backend = connection.facts.durable
    ? createValkeyIdempotencyBackend({ connection })
    : createPostgresIdempotencyBackend({ database });
  const idempotency = createDurableIdempotencyStore({ backend, clock, log });
  const sweep = startStoreSweep(deps);
  return {
    circuits,
    limits,
    idempotency,
    async close() {
      await Promise.all([circuits.close(), limits.close(), idempotency.close(), sweep.close()]);
      await connection.close();
    },
  };
}
