import type { Clock } from '@inthub/contracts';
import type { GatewayStores } from '../gateway-deps.ts';
import { createMemoryCircuitStore } from './memory-circuit-store.ts';
import { createMemoryIdempotencyStore } from './memory-idempotency-store.ts';
import { createMemoryLimitStore } from './memory-limit-store.ts';

/** Everything in this process: right for one replica; N replicas count each for itself. */
export function createMemoryStores(clock: Clock): GatewayStores {
  return {
    circuits: createMemoryCircuitStore({ clock }),
    limits: createMemoryLimitStore({ clock }),
    idempotency: createMemoryIdempotencyStore({ clock }),
  };
}
