import type { TenantId } from '@inthub/contracts';
import { LRUCache } from 'lru-cache';
import type { TenantNetwork } from './egress/egress.ts';

const maxTenants = 10_000;
/** How long a change that another replica made may stay unseen here while its announcement is not heard. */
const ttlMs = 5_000;

export interface TenantNetworks {
  /** At hand for a tenant that was asked for within the last 5 s. */
  of(tenantId: string): TenantNetwork | Promise<TenantNetwork>;
  /** After a change, here or on another replica. */
  forget(tenantId: string): void;
  /** When changes may have gone unheard. */
  forgetAll(): void;
}

/** What is set for each tenant's traffic, as egress asks for it with each request: bounded, short-lived, one load for a cold key. */
export function createTenantNetworks(load: (tenantId: TenantId) => Promise<TenantNetwork>): TenantNetworks {
  // The finer the time, the more timers the cache sets to forget it.
  const settings = { max: maxTenants, ttl: ttlMs, ttlResolution: 100, noDeleteOnStaleGet: true };
  const cache = new LRUCache<string, TenantNetwork>(settings);
  const loading = new Map<string, Promise<TenantNetwork>>();

  async function loadOnce(tenantId: string): Promise<TenantNetwork> {
    const work = load(tenantId as TenantId);
    loading.set(tenantId, work);
    try {
      const { offline, egressAllow } = await work;
      const before = cache.peek(tenantId, { allowStale: true });
      // The same object while nothing has changed: egress reads its list once.
      const network =
        before !== undefined && isSame(before, { offline, egressAllow }) ? before : { offline, egressAllow };
      // A change that came while loading has removed the entry: what was read may be the state before it.
      if (loading.get(tenantId) === work) cache.set(tenantId, network);
      return network;
    } finally {
      if (loading.get(tenantId) === work) loading.delete(tenantId);
    }
  }

  return {
    of: (tenantId) => cache.get(tenantId) ?? loading.get(tenantId) ?? loadOnce(tenantId),
    forget(tenantId) {
      cache.delete(tenantId);
      loading.delete(tenantId);
    },
    forgetAll() {
      cache.clear();
      loading.clear();
    },
  };
}

function isSame(a: TenantNetwork, b: TenantNetwork): boolean {
  return a.offline === b.offline && a.egressAllow.join() === b.egressAllow.join();
}
