// The caches of GW-6 that answer calls. That of health stands in the room health; opened credentials are kept by the vault.
import type { TagCache } from '@inthub/connector-sdk';
import type { Clock } from '@inthub/contracts';
import { LRUCache } from 'lru-cache';
import { approximateSize } from './approximate-size.ts';
import { cacheTime } from './cache-time.ts';

export type CacheName = 'action' | 'connection_test' | 'discovery';

interface Bounds {
  readonly ttlMs: number;
  /** Sliding: every hit starts the time anew. */
  readonly sliding: boolean;
  readonly max: number;
}

export const cacheBounds: Readonly<Record<CacheName | 'tag', Bounds>> = {
  /** Each action names its own time (`cacheTtlMs`); this is the longest that counts. */
  action: { ttlMs: 86_400_000, sliding: false, max: 10_000 },
  connection_test: { ttlMs: 120_000, sliding: true, max: 500 },
  discovery: { ttlMs: 600_000, sliding: true, max: 5_000 },
  tag: { ttlMs: 3_600_000, sliding: false, max: 10_000 },
};

const maxEntryBytes = 1_048_576;
const maxCacheBytes = 64 * 1_048_576;

interface Entry {
  readonly integrationKey: string;
  readonly value: unknown;
}

export interface ResponseCaches {
  /** Counts calls of `forget`. An answer is kept only if nothing was forgotten since its call began: it may be of the old config. */
  readonly epoch: number;
  get(cache: CacheName, key: string): { readonly value: unknown } | undefined;
  /** Values are shared among callers: read them, never change them. One above 1 MiB is not kept. */
  set(cache: CacheName, key: string, integrationKey: string, value: unknown, ttlMs: number): void;
  /** Tag → digest of one integration. */
  tags(integrationKey: string): TagCache;
  /** Drops everything that was kept for an integration. */
  forget(integrationKey: string): void;
  /** Drops everything. */
  forgetAll(): void;
}

export function createResponseCaches(clock: Clock): ResponseCaches {
  /** Which keys of which cache an integration has, so that forgetting one need not walk over all. */
  const owned = new Map<string, Set<string>>();
  let epoch = 0;

  const open = (name: CacheName | 'tag') => {
    const bounds = cacheBounds[name];
    return new LRUCache<string, Entry>({
      max: bounds.max,
      maxSize: maxCacheBytes,
      maxEntrySize: maxEntryBytes,
      sizeCalculation: ({ value }) => 200 + approximateSize(value, maxEntryBytes),
      ttl: bounds.ttlMs,
      updateAgeOnGet: bounds.sliding,
      ...cacheTime(clock),
      dispose: ({ integrationKey }, key, reason) => {
        if (reason === 'set') return;
        const keys = owned.get(integrationKey);
        if (keys?.delete(`${name} ${key}`) === true && keys.size === 0) owned.delete(integrationKey);
      },
    });
  };
  const caches = {
    action: open('action'),
    connection_test: open('connection_test'),
    discovery: open('discovery'),
    tag: open('tag'),
  };

  function put(name: CacheName | 'tag', key: string, entry: Entry, ttlMs: number): void {
    caches[name].set(key, entry, { ttl: Math.min(ttlMs, cacheBounds[name].ttlMs) });
    if (!caches[name].has(key)) return;
    const keys = owned.get(entry.integrationKey);
    if (keys === undefined) owned.set(entry.integrationKey, new Set([`${name} ${key}`]));
    else keys.add(`${name} ${key}`);
  }

  return {
    get epoch() {
      return epoch;
    },
    get: (name, key) => caches[name].get(key),
    set: (name, key, integrationKey, value, ttlMs) => put(name, key, { integrationKey, value }, ttlMs),
    tags(integrationKey) {
      const born = epoch;
      return {
        get: (tag) => caches.tag.get(`${integrationKey} ${tag}`)?.value as string | undefined,
        set(tag, digest) {
          if (epoch === born)
            put('tag', `${integrationKey} ${tag}`, { integrationKey, value: String(digest) }, cacheBounds.tag.ttlMs);
        },
      };
    },
    forget(integrationKey) {
      epoch += 1;
      for (const place of [...(owned.get(integrationKey) ?? [])]) {
        const space = place.indexOf(' ');
        caches[place.slice(0, space) as CacheName | 'tag'].delete(place.slice(space + 1));
      }
    },
    forgetAll() {
      epoch += 1;
      for (const cache of Object.values(caches)) cache.clear();
      owned.clear();
    },
  };
}
