import type { TenantId } from '@inthub/contracts';
import { LRUCache } from 'lru-cache';
import type { InstalledIntegration } from './runtime/runtime.ts';

const maxIntegrations = 10_000;
/** How long a change that another replica made may stay unseen here while its announcement is not heard. */
const ttlMs = 5_000;

export interface IntegrationDirectory {
  /** At hand when it was asked for a moment ago. @throws HubError `not_found` */
  find(tenantId: TenantId, id: string): InstalledIntegration | Promise<InstalledIntegration>;
  /** After a change, here or on another replica. */
  forget(tenantId: string, id: string): void;
  /** After a change that concerns all integrations of a tenant. */
  forgetTenant(tenantId: string): void;
  /** When changes may have gone unheard. */
  forgetAll(): void;
}

/** Integrations with their grants, as calls need them: bounded, short-lived, one load for a cold key. */
export function createIntegrationDirectory(
  load: (tenantId: TenantId, id: string) => Promise<InstalledIntegration>,
): IntegrationDirectory {
  // The finer the time, the more timers the cache sets to forget it.
  const cache = new LRUCache<string, InstalledIntegration>({ max: maxIntegrations, ttl: ttlMs, ttlResolution: 100 });
  const loading = new Map<string, Promise<InstalledIntegration>>();
  const keyOf = (tenantId: string, id: string) => `${tenantId}/${id}`;

  async function loadOnce(key: string, tenantId: TenantId, id: string): Promise<InstalledIntegration> {
    const work = load(tenantId, id);
    loading.set(key, work);
    try {
      const integration = await work;
      // A change that came while loading has removed the entry: what was read may be the state before it.
      if (loading.get(key) === work) cache.set(key, integration);
      return integration;
    } finally {
      if (loading.get(key) === work) loading.delete(key);
    }
  }

  return {
    find(tenantId, id) {
      const key = keyOf(tenantId, id);
      return cache.get(key) ?? loading.get(key) ?? loadOnce(key, tenantId, id);
    },
    forget(tenantId, id) {
      const key = keyOf(tenantId, id);
      cache.delete(key);
      loading.delete(key);
    },
    forgetTenant(tenantId) {
      for (const keys of [[...cache.keys()], [...loading.keys()]]) {
        for (const key of keys) {
          if (!key.startsWith(`${tenantId}/`)) continue;
          cache.delete(key);
          loading.delete(key);
        }
      }
    },
    forgetAll() {
      cache.clear();
      loading.clear();
    },
  };
}
